"""Functions that people know from other languages, and what FEEL has instead."""

FOREIGN_FUNCTIONS = {
    "len": "string length(text) or count(list)",
    "length": "string length(text) or count(list)",
    "size": "count(list)",
    "strlen": "string length(text)",
    "lower": "lower case(text)",
    "upper": "upper case(text)",
    "toLowerCase": "lower case(text)",
    "toUpperCase": "upper case(text)",
    "substr": "substring(text, start, length)",
    "startsWith": "starts with(text, match)",
    "startswith": "starts with(text, match)",
    "endsWith": "ends with(text, match)",
    "endswith": "ends with(text, match)",
    "includes": "contains(text, match) or list contains(list, element)",
    "str": "string(value)",
    "int": "floor(number) or number(text)",
    "float": "number(text)",
    "isNull": "value = null",
    "isnull": "value = null",
    "iif": "if condition then a else b",
    "IF": "if condition then a else b",
    "AND": "a and b",
    "OR": "a or b",
    "avg": "mean(list)",
    "average": "mean(list)",
    "pow": "base ** exponent",
    "mod": "modulo(dividend, divisor)",
    "ceil": "ceiling(number)",
    "datetime": "date and time(text)",
    "indexOf": "index of(list, element)",
    "trunc": "round down(number, 0)",
}

FOREIGN_WORDS = {
    "None": "null", "nil": "null", "undefined": "null", "NULL": "null", "True": "true", "TRUE": "true", "False": "false", "FALSE": "false",
}  # fmt: skip
"""Constants of other languages, which FEEL reads as names of variables."""
