"""Who works here: accounts, their passwords and roles, and the one place that says who may do what."""

from amends.engine.accounts.accounts import Account, Accounts, account_id
from amends.engine.accounts.breached import Breached
from amends.engine.accounts.passwords import Passwords, generated_password
from amends.engine.accounts.picker import Picker
from amends.engine.accounts.policy import BUILT_IN_ROLES, Policy
from amends.engine.accounts.vault import KEY_VARIABLE, Vault, kept_key, key_of, key_there
from amends.engine.accounts.workload import Workload

__all__ = [
    "BUILT_IN_ROLES", "KEY_VARIABLE", "Account", "Accounts", "Breached", "Passwords", "Picker", "Policy", "Vault", "Workload",
    "account_id", "generated_password", "kept_key", "key_of", "key_there",
]  # fmt: skip
