"""Alembic's environment: runs on the connection it is given, in its transaction."""

from alembic import context

from amends.engine.store.tables import metadata

context.configure(
    connection=context.config.attributes["connection"], target_metadata=metadata, render_as_batch=True, transactional_ddl=False
)
context.run_migrations()
