"""SpiffWorkflow's messages, signals, errors and escalations that carry something, and how its messages find their instance.

There, a message carries one value, from which correlation properties pick what tells conversations apart; an instance remembers
what it has sent or received. Here, a message carries variables and a key, and who waits says the key from its own variables.
"""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass, field

from lxml import etree

from amends.engine.conversion import feel as f
from amends.engine.conversion import python_text
from amends.engine.conversion.feel import Translated, Untranslatable
from amends.engine.conversion.work import SPIFF, Work, name, remove
from amends.engine.definitions import xml
from amends.engine.definitions.publishing import PUBLISHES
from amends.engine.feel import parse

_INPUTS = ("message_name", "correlation_key", "variables", "time_to_live")
_KEPT = "P365D"
"""There, a message waits until somebody takes it."""
_KEY = "Say at the message which variable tells this instance from the others (Subscription correlation key)."
_PAYLOAD = "What a message carries are the input mappings of the event that sends it."
_VARIABLE = "What a message brings becomes variables; name them in output mappings."
_THROWING = frozenset({"intermediateThrowEvent", "endEvent", "sendTask"})


@dataclass(slots=True)
class _Message:
    """One place where a message is sent or waited for: `owner` is the event or task, `says` what refers to the message."""

    owner: etree._Element
    says: etree._Element
    message: etree._Element
    payload: str
    variable: str
    own_keys: dict[str, str]

    @property
    def sends(self) -> bool:
        return xml.local(self.owner) in _THROWING

    @property
    def begins(self) -> bool:
        """Whether it begins an instance, so that there is nobody yet whose key it could be."""
        around = self.owner.getparent()
        return xml.local(self.owner) == "startEvent" and around is not None and xml.local(around) == "process"

    @property
    def process(self) -> etree._Element | None:
        return next((item for item in self.owner.iterancestors(name("process"))), None)

    @property
    def entries(self) -> dict[str, str] | None:
        """What it carries by name, where that is written out; None where it is computed."""
        try:
            tree = python_text.parse(self.payload)
        except Untranslatable:
            return None
        if not isinstance(tree, ast.Dict) or not all(isinstance(key, ast.Constant) and isinstance(key.value, str) for key in tree.keys):
            return None
        return {str(getattr(key, "value", "")): ast.unparse(value) for key, value in zip(tree.keys, tree.values, strict=True)}


@dataclass(slots=True)
class _Rules:
    """What a diagram says about its messages: each property's expressions by the message they read, and every place."""

    properties: dict[str, dict[str, str]] = field(default_factory=dict)
    places: list[_Message] = field(default_factory=list)
    used: set[str] = field(default_factory=set)

    def of(self, message: etree._Element) -> list[str]:
        """The properties that a message has."""
        return sorted(one for one, read in self.properties.items() if (message.get("id") or "") in read)


def messages(work: Work) -> None:
    """Convert what is sent and waited for; correlation properties go, and those that were not understood are listed."""
    rules = _Rules({one.get("id") or "": _expressions(one) for one in work.root.iter(name("correlationProperty"))})
    rules.places = list(_places(work))
    for place in rules.places:
        _send(work, rules, place) if place.sends else _receive(work, rules, place)
    _keys(work, rules)
    for kind in ("correlationProperty", "correlationKey", "correlationSubscription"):
        for element in list(work.root.iter(name(kind))):
            if kind == "correlationProperty" and (element.get("id") or "") not in rules.used:
                said = "; ".join(_expressions(element).values()) or xml.name_of(element)
                work.leave(element, kind, said, "Keys are computed from messages there, from variables here", _KEY)
            remove(element)


def _expressions(element: etree._Element) -> dict[str, str]:
    found = {}
    for one in element.iter(name("correlationPropertyRetrievalExpression")):
        said = next((xml.text(held) or "" for held in one.iter(name("messagePath"), name("formalExpression"))), "")
        found[xml.reference(one, one.get("messageRef")) or ""] = said
    return found


def _places(work: Work) -> Iterator[_Message]:
    declared = {one.get("id"): one for one in xml.bpmn(work.root, "message")}
    texts: dict[tuple[etree._Element, str], str] = {}
    for says in list(work.root.iter(name("messageEventDefinition"), name("sendTask"), name("receiveTask"))):
        message = declared.get(xml.reference(says, says.get("messageRef")))
        owner = says.getparent() if xml.local(says) == "messageEventDefinition" else says
        if message is None or owner is None:
            continue
        for kind in ("messagePayload", "messageVariable"):
            for holder in (message, says):  # older diagrams have it at the message
                for entry in list(holder.iter(name(kind, SPIFF))):
                    texts[holder, kind] = xml.text(entry) or ""
                    remove(entry)
        keys = {}
        for entry in list(says.iter(name("processVariableCorrelation", SPIFF))):
            one, said = entry.find(name("propertyId", SPIFF)), entry.find(name("expression", SPIFF))
            keys["" if one is None else xml.text(one) or ""] = "" if said is None else xml.text(said) or ""
            remove(entry)
        payload, variable = (texts.get((message, kind)) or texts.get((says, kind)) or "" for kind in ("messagePayload", "messageVariable"))
        yield _Message(owner, says, message, payload, variable, keys)


# -- sending


def _send(work: Work, rules: _Rules, place: _Message) -> None:
    """The operation that publishes messages, which is given the message's name, key and variables."""
    owner, said = place.owner, xml.name_of(place.message)
    work.zeebe(owner, "taskDefinition", type=PUBLISHES)
    work.carry(owner, "message", said, f"the operation {PUBLISHES}", "it is kept for a year if nobody waits for it")
    work.mapping(owner, "input", f"={f.finish(f.text(said), []).feel}", "message_name")
    properties = rules.of(place.message)
    keys = [_key_of(rules, place, one) for one in properties]
    if None in keys:
        work.leave(owner, "correlation", said, "What tells the instance it is for is not known", "Give the job the correlation key.")
    elif properties:
        made = _composed(work, owner, "correlation key", [key for key in keys if key is not None])
        if made is not None:
            work.mapping(owner, "input", made, "correlation_key")
    work.mapping(owner, "input", _KEPT, "time_to_live")
    if place.payload:
        read = {one.id for one in ast.walk(_tree(place.payload)) if isinstance(one, ast.Name)}
        if read & set(_INPUTS):
            work.leave(owner, "messagePayload", place.payload, "It reads a variable that is called like an input of the job", _PAYLOAD)
            return
        made = work.feel(owner, "messagePayload", place.payload)
        if made is not None:
            work.mapping(owner, "input", made, "variables")


def _tree(said: str) -> ast.AST:
    try:
        return python_text.parse(said)
    except Untranslatable:
        return ast.Pass()


def _composed(work: Work, owner: etree._Element, what: str, keys: list[str]) -> str | None:
    """The key of a message from what its properties are, in the order of their ids; noted as left where one has no translation.

    Several are one text that tells them apart, whatever they hold; it is null where one of them is.
    """
    if len(keys) == 1:
        return work.feel(owner, what, keys[0])
    return work.feel(owner, what, "; ".join(keys), lambda said: _together([work.translate(key) for key in keys]))


def _together(keys: list[Translated]) -> Translated:
    parts = [f.Typed(parse(key.feel).ast, key.kind) for key in keys]
    key = f.call("string", f.listed(parts), kind=f.TEXT)
    for part in reversed(parts):
        key = f.choice(f.binary("=", part, f.null(), f.TRUTH), f.null(), key)
    return f.finish(key, [note for one in keys for note in one.notes])


def _key_of(rules: _Rules, place: _Message, known: str) -> str | None:
    """The Python expression, over the variables of the process, of a property that a message has; None where it is not written out."""
    path = rules.properties[known].get(place.message.get("id") or "")
    if path is None:
        return None
    if known in place.own_keys:
        key: str | None = place.own_keys[known]
    elif place.sends:
        entries = place.entries
        key = None if entries is None else entries.get(path)
    else:
        key = f"{place.variable}.{path}" if place.variable and path.isidentifier() else None
    return key


# -- waiting


def _receive(work: Work, rules: _Rules, place: _Message) -> None:
    """What the message brings goes into one variable, if what is sent by this name is written out in the diagram."""
    if place.payload:
        work.leave(place.owner, "messagePayload", place.payload, "What waits for a message sends none", _PAYLOAD)
    if not place.variable:
        return
    known = [one.entries for one in rules.places if one.sends and one.message is place.message]
    keys = {None if one is None else tuple(sorted(one)) for one in known}
    if len(keys) != 1 or None in keys:
        work.leave(place.owner, "messageVariable", place.variable, "What the message carries is not written out in the diagram", _VARIABLE)
        return
    names = next(iter(keys)) or ()
    source = f.finish(f.context({one: f.name(one) for one in names}), []).source
    work.mapping(place.owner, "output", source, place.variable)
    work.carry(place.owner, "messageVariable", place.variable, f"{place.variable} {source}")


def _keys(work: Work, rules: _Rules) -> None:
    """The key of everything that waits, from what its own process knows of the same property: its own word, or another message."""
    made: dict[etree._Element, dict[str, list[_Message]]] = defaultdict(lambda: defaultdict(list))
    for place in rules.places:
        known = rules.of(place.message)
        rules.used.update(known)
        if place.sends or place.begins:
            continue
        told = [key for one in known if (key := _waits_for(rules, place, one)) is not None]
        translated = _composed(work, place.owner, "correlation", told) if told and len(told) == len(known) else None
        if translated is None:
            work.leave(place.owner, "message correlation", xml.name_of(place.message), "What tells its instance is not known", _KEY)
        else:
            made[place.message][translated].append(place)
    for message, keys in made.items():
        for count, (key, places) in enumerate(keys.items()):
            _subscribe(work, message, key, places if count else [])


def _waits_for(rules: _Rules, place: _Message, known: str) -> str | None:
    if known in place.own_keys:
        return place.own_keys[known]
    others = [one for one in rules.places if one.process is place.process and one.message is not place.message]
    found = {key for one in others if (key := _key_of(rules, one, known)) is not None}
    return found.pop() if len(found) == 1 else None


def _subscribe(work: Work, message: etree._Element, key: str, others: list[_Message]) -> None:
    """Give a message its key; `others` wait for the same name by another key and get a declaration of their own."""
    if not others:
        work.zeebe(message, "subscription", correlationKey=key)
        return
    copy = deepcopy(message)
    copy.set("id", f"{message.get('id')}_{others[0].owner.get('id')}")
    message.addnext(copy)
    work.zeebe(copy, "subscription", correlationKey=key)
    for place in others:
        place.says.set("messageRef", str(copy.get("id")))


# -- what else carries a value


def payloads(work: Work) -> None:
    """A signal, error or escalation that carries a value into a variable: an input mapping of what throws it, by that name."""
    for kind in ("signal", "error", "escalation"):
        for declared in xml.bpmn(work.root, kind):
            said, variable = (_own(declared, local) for local in ("payloadExpression", "variableName"))
            if variable and not said:
                work.leave(declared, "variableName", variable, "Nothing says what it carries", f"Give the {kind} an input mapping.")
            for definition in work.root.iter(name(f"{kind}EventDefinition")) if said and variable else ():
                owner = definition.getparent()
                if owner is None or xml.local(owner) not in _THROWING:
                    continue
                if xml.reference(definition, definition.get(f"{kind}Ref")) == declared.get("id"):
                    made = work.feel(owner, "payloadExpression", said)
                    if made is not None:
                        work.mapping(owner, "input", made, variable)
            if said and not variable:
                work.carry(declared, "payloadExpression", said, "not needed: nothing reads it")


def _own(declared: etree._Element, local: str) -> str:
    found = ""
    for entry in list(declared.iter(name(local, SPIFF))):
        found = xml.text(entry) or ""
        remove(entry)
    return found
