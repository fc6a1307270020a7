"""Forms: form-js JSON to a marshmallow schema and a render model. No Flask, no database."""

from amends.forms.form import Form, load
from amends.forms.model import Field, FormProblem, Option, Step, Submission
from amends.forms.provider import Forms
from amends.forms.rendering import RenderField, RenderModel

__all__ = ["Field", "Form", "FormProblem", "Forms", "Option", "RenderField", "RenderModel", "Step", "Submission", "load"]
