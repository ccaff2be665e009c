"""The part of CloudWatch Logs Insights' language that dashboards and documents use, run over log
lines as the program writes them. What is not of that part is an error, never an empty answer.

Not modelled: the limit of fields of an event, scanning by time, case of field names.
"""

import json
import re

TOKEN = re.compile(r"""\s*(?:
    (?P<text>"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*')
    |(?P<regex>/(?:\\.|[^/\\])*/)
    |(?P<number>\d+(?:\.\d+)?(?![\w.]))
    |(?P<length>\d+[smh]\b)
    |(?P<name>@?[A-Za-z_][\w.]*)
    |(?P<sign>!=|<=|>=|[=<>(),\[\]*|]))""", re.VERBOSE)
COMPARISONS = {"=": lambda a, b: a == b, "!=": lambda a, b: a != b, "<": lambda a, b: a < b,
               "<=": lambda a, b: a <= b, ">": lambda a, b: a > b, ">=": lambda a, b: a >= b}
SECONDS = {"s": 1, "m": 60, "h": 3600}


def flatten(value, name=""):
    """{"record.queues.0.visible": 4, ...}: how Insights names what it finds in a line of JSON."""
    members = (value.items() if isinstance(value, dict) else
               enumerate(value) if isinstance(value, list) else None)
    if members is None:
        return {name: value}
    flat = {}
    for key, member in members:
        flat |= flatten(member, f"{name}.{key}" if name else str(key))
    return flat


def event_of(line):
    """An event as CloudWatch has it of one line of the log."""
    document = json.loads(line)
    return {**flatten(document), "@message": line, "@timestamp": document["timestamp"]}


def run(query, lines):
    """The rows that the query answers with, in its order: [{column: value}]."""
    rows = [event_of(line) for line in lines]
    columns = ["@timestamp", "@message"]
    for command in commands_of(query):
        rows, columns = command.apply(rows, columns)
    return [{name: row[name] for name in columns if row.get(name) is not None} for row in rows]


def matches(pattern, line):
    """Whether a metric filter of CloudWatch Logs counts the line: { $.a = "x*" && $.b != "y" }."""
    document = flatten(json.loads(line))
    inner = re.fullmatch(r"\{ (.*) \}", pattern)[1]
    for condition in inner.split(" && "):
        name, sign, text = re.fullmatch(r'\$\.([\w.]+) (=|!=) "([^"]*)"', condition).groups()
        if name not in document:
            return False
        wanted = ".*".join(map(re.escape, text.split("*")))
        if bool(re.fullmatch(wanted, str(document[name]))) != (sign == "="):
            return False
    return True


def tokens_of(query):
    at, tokens = 0, []
    query = query.strip()
    while at < len(query):
        found = TOKEN.match(query, at)
        if not found or found.end() == at:
            raise ValueError(f"not understood: {query[at:at + 40]!r}")
        tokens.append((found.lastgroup, found.group(found.lastgroup)))
        at = found.end()
    return tokens


def commands_of(query):
    commands, part = [], []
    for token in [*tokens_of(query), ("sign", "|")]:
        if token == ("sign", "|"):
            commands.append(Command(part))
            part = []
        else:
            part.append(token)
    return commands


class Command:
    """One command between two pipes."""

    def __init__(self, tokens):
        self.tokens, self.at = list(tokens), 0
        self.verb = self.take()[1]

    def apply(self, rows, columns):
        handler = getattr(self, f"do_{self.verb.lower()}", None)
        if handler is None:
            raise ValueError(f"no such command here: {self.verb}")
        answer = handler(rows, columns)
        if self.at != len(self.tokens):
            raise ValueError(f"{self.verb}: too much: {self.tokens[self.at:]}")
        return answer

    # --- tokens ---

    def peek(self):
        return self.tokens[self.at] if self.at < len(self.tokens) else (None, None)

    def take(self, *wanted):
        kind, text = self.peek()
        if kind is None or (wanted and text not in wanted):
            raise ValueError(f"{text!r} where {wanted or 'more'} should stand")
        self.at += 1
        return kind, text

    def accept(self, word):
        kind, text = self.peek()
        if kind in ("name", "sign") and text.lower() == word:
            self.at += 1
            return True
        return False

    def list_of(self, read):
        found = [read()]
        while self.accept(","):
            found.append(read())
        return found

    # --- expressions: functions of a row; None is a field that is not there ---

    def expression(self):
        left = self.conjunction()
        while self.accept("or"):
            left = either(left, self.conjunction())
        return left

    def conjunction(self):
        left = self.comparison()
        while self.accept("and"):
            left = both(left, self.comparison())
        return left

    def comparison(self):
        if self.accept("not"):
            inner = self.comparison()
            return lambda row: not inner(row)
        left = self.operand()
        kind, text = self.peek()
        if kind == "sign" and text in COMPARISONS:
            self.take()
            return compared(left, COMPARISONS[text], self.operand())
        if self.accept("in"):
            self.take("[")
            values = self.list_of(self.operand)
            self.take("]")
            return lambda row: left(row) in [value(row) for value in values]
        if self.accept("like"):
            pattern = re.compile(self.take()[1].strip("/"))
            return lambda row: bool(pattern.search(str(left(row) or "")))
        return left

    def operand(self):
        kind, text = self.take()
        if kind == "text":
            return lambda row: text[1:-1]
        if kind == "number":
            return lambda row: float(text)
        if text == "(":
            inner = self.expression()
            self.take(")")
            return inner
        if kind != "name":
            raise ValueError(f"{text!r} is no value")
        if self.accept("("):
            arguments = self.list_of(self.operand)
            self.take(")")
            return FUNCTIONS[text](*arguments)
        return lambda row: row.get(text)

    def named(self):
        """(column, function of a row) of "expression as column"."""
        start = self.at
        value = self.operand()
        name = "".join(text for _, text in self.tokens[start:self.at])
        return (self.take()[1] if self.accept("as") else name), value

    # --- commands ---

    def do_source(self, rows, columns):
        kind, _ = self.take()
        if kind != "text":
            raise ValueError("SOURCE: the log group stands in quotes")
        return rows, columns

    def do_fields(self, rows, columns):
        wanted = self.list_of(self.named)
        rows = [{**row, **{name: value(row) for name, value in wanted}} for row in rows]
        return rows, [name for name, _ in wanted]

    def do_filter(self, rows, columns):
        holds = self.expression()
        return [row for row in rows if holds(row)], columns

    def do_parse(self, rows, columns):
        source, (kind, text) = self.operand(), self.take()
        if kind != "regex":
            raise ValueError("parse: only with /a regular expression/")
        pattern = re.compile(text[1:-1].replace("(?<", "(?P<"))
        found = [pattern.search(str(source(row) or "")) for row in rows]
        return [{**row, **(match.groupdict() if match else {})}
                for row, match in zip(rows, found)], columns

    def aggregate(self):
        name = self.take("max", "min", "sum", "avg", "count")[1]
        self.take("(")
        value = (lambda row: 1) if self.accept("*") else self.operand()
        self.take(")")
        self.take("as")
        return self.take()[1], AGGREGATES[name], value

    def group(self):
        if not self.accept("bin"):
            name = self.take()[1]
            return name, lambda row: row.get(name)
        self.take("(")
        length = self.take()[1]
        self.take(")")
        seconds = int(length[:-1]) * SECONDS[length[-1]]
        return "bin", lambda row: binned(row["@timestamp"], seconds)

    def do_stats(self, rows, columns):
        wanted = self.list_of(self.aggregate)
        groups = self.list_of(self.group) if self.accept("by") else []
        parts = {}
        for row in rows:
            parts.setdefault(tuple(value(row) for _, value in groups), []).append(row)
        made = []
        for key, part in parts.items():
            row = dict(zip((name for name, _ in groups), key))
            for name, fold, value in wanted:
                values = [value(each) for each in part if value(each) is not None]
                row[name] = fold(values) if values else None
            made.append(row)
        return made, [*(name for name, _ in groups), *(name for name, _, _ in wanted)]

    def do_sort(self, rows, columns):
        value, descending = self.operand(), self.accept("desc")
        if not descending:
            self.accept("asc")
        return sorted(rows, key=value, reverse=descending), columns

    def do_limit(self, rows, columns):
        return rows[:int(self.take()[1])], columns


def both(left, right):
    return lambda row: left(row) and right(row)


def either(left, right):
    return lambda row: left(row) or right(row)


def compared(left, holds, right):
    def of(row):
        values = left(row), right(row)
        return None not in values and holds(*values)

    return of


def binned(timestamp, seconds):
    hours, minutes, rest = timestamp[11:].rstrip("Z").split(":")
    start = int(int(hours) * 3600 + int(minutes) * 60 + float(rest)) // seconds * seconds
    return f"{timestamp[:11]}{start // 3600:02}:{start // 60 % 60:02}:{start % 60:02}Z"


def coalesce(*values):
    return lambda row: next((value(row) for value in values if value(row) is not None), None)


FUNCTIONS = {"coalesce": coalesce, "ispresent": lambda value: lambda row: value(row) is not None}
AGGREGATES = {"max": max, "min": min, "sum": sum, "count": len,
              "avg": lambda values: sum(values) / len(values)}
