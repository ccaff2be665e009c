"""Mutates C++: finds what may be changed in the functions of a file, and writes the file so that
one program contains all changes, each behind a number (tests/mutants/mutants.h).

It reads tokens, not C++, and relies on clang-format: an operator with blanks on both sides has two
operands; a "<" without a blank before it opens template arguments. What the compiler computes
(constexpr variables, consteval functions, static_assert, case labels, template arguments) and CHECK
are left alone.
"""

import collections
import dataclasses
import re

TOKEN = re.compile(
    r"(?P<skip>//[^\n]*|/\*.*?\*/|^[ \t]*\#(?:[^\n]*\\\n)*[^\n]*|\s+)"
    r'|R"(?P<raw>[^()\\ ]*)\(.*?\)(?P=raw)"|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])+\''
    r"|[A-Za-z_]\w*|\.?\d(?:[\w.]|'\w)*"
    r"|<=>|<<=|>>=|\.\.\.|::|->|\+\+|--|<<|>>|&&|\|\||[-+*/%&|^=!<>]=|.", re.DOTALL | re.MULTILINE)

RELATIONS = {"<": ("<=", ">="), "<=": ("<", ">"), ">": (">=", "<="), ">=": (">", "<"),
             "==": ("!=",), "!=": ("==",)}
BINARY = {**RELATIONS, "+": ("-",), "-": ("+",), "*": ("/",), "/": ("*",), "%": ("/",),
          "&": ("|",), "|": ("&",), "<<": (">>",), ">>": ("<<",)}
ASSIGNMENTS = {"+=": ("-=",), "-=": ("+=",), "*=": ("/=",), "/=": ("*=",), "|=": ("&=",),
               "&=": ("|=",)}
ASSIGNING = {"=", "%=", "^=", "<<=", ">>=", *ASSIGNMENTS}
LOGICAL = {"&&": "||", "||": "&&"}
ENDS = {",", ";", "?", ":", "return", "case", "else", "do", *ASSIGNING}
PAIRS = {"(": ")", "[": "]", "{": "}", "<": ">"}
# What stands in parentheses or braces behind these is computed by the compiler, or is no behaviour.
LEFT_ALONE = {"static_assert", "decltype", "sizeof", "alignof", "alignas", "noexcept", "requires",
              "CHECK"}
KEYWORDS = {"if", "for", "while", "switch", "return", "case", "default", "else", "do", "break",
            "continue", "using", "static_assert", "goto", "delete", "new", "const", "constexpr",
            "static", "auto", "CHECK", "typedef", "struct", "class", "enum", "template", "try"}
SCOPES = {"namespace", "class", "struct", "union", "enum", "extern"}


@dataclasses.dataclass(frozen=True)
class Mutant:
    """One change. All but `line` and `number` identify it from one version to the next."""
    file: str
    function: str
    before: str
    after: str
    ordinal: int  # among those of the function that read the same
    line: int
    number: int

    @property
    def identity(self):
        repeated = f" #{self.ordinal}" if self.ordinal > 1 else ""
        return f"{self.file} | {self.function} | {self.before} -> {self.after}{repeated}"


@dataclasses.dataclass
class Token:
    text: str
    start: int
    end: int
    blank_before: bool
    blank_after: bool = False
    partner: int = -1  # of a bracket: the place of the other one
    kind: str = ""     # of an opening bracket: code, scope or other
    function: str = ""  # of a function's opening brace: its name
    immediate: bool = False  # a function that runs while compiling: the compiler is its test


def tokens_of(text):
    tokens, blank, opened = [], True, []
    place = 0
    while place < len(text):
        match = TOKEN.match(text, place)
        word, end = match.group(), match.end()
        if match.lastgroup == "skip" or match.group("skip") is not None:
            blank, place = True, end
            if tokens:
                tokens[-1].blank_after = True
            continue
        in_angle = opened and tokens[opened[-1]].text == "<"
        if word == ">>" and in_angle and not blank:
            word, end = ">", place + 1
        tokens.append(Token(word, place, end, blank))
        pair_up(tokens, opened, in_angle)
        blank, place = False, end
    return tokens


def pair_up(tokens, opened, in_angle):
    """Notes in the last token and its partner that they belong together."""
    here, last = len(tokens) - 1, tokens[-1]
    previous = tokens[-2].text if len(tokens) > 1 else ""
    angle = (last.text == "<" and previous != "operator" and
             (previous == "template" or not last.blank_before and previous[-1:].isidentifier()))
    if last.text in "([{" or angle:
        opened.append(here)
    elif last.text in (")", "]", "}") or last.text == ">" and in_angle and not last.blank_before:
        partner = opened.pop()
        if PAIRS[tokens[partner].text] != last.text:
            raise ValueError(f"'{last.text}' closes '{tokens[partner].text}'")
        last.partner, tokens[partner].partner = partner, here


class Source:
    """The tokens of a file, in groups."""

    def __init__(self, text):
        self.text = text
        self.tokens = tokens_of(text)
        self.classify(0, len(self.tokens), "scope")

    def items(self, low, high):
        """The places of the tokens of a range, without those inside of brackets."""
        place = low
        while place < high:
            yield place
            place = self.after(place)

    def after(self, place):
        partner = self.tokens[place].partner
        return (partner if partner > place else place) + 1

    def word(self, place):
        return self.tokens[place].text if 0 <= place < len(self.tokens) else ""

    def classify(self, low, high, parent):
        """Tells blocks of code, scopes and braces of initialisers apart; names functions."""
        head = low  # where the declaration or statement begins
        for place in self.items(low, high):
            token = self.tokens[place]
            if token.text == ";" or token.text == ":" and self.word(place - 1) in (
                    "public", "private", "protected"):
                head = place + 1
            if token.partner <= place:
                continue
            token.kind = self.kind_of_brace(head, place, parent) if token.text == "{" else "other"
            if token.kind == "code" and parent == "scope":
                token.function = self.function_name(head, place)
                token.immediate = any(
                    self.word(item) == "consteval" for item in self.items(head, place))
            self.classify(place + 1, token.partner, token.kind)
            # In a scope all braces but an initialiser's end the declaration.
            if token.kind in ("code", "scope") and token.text == "{":
                head = token.partner + 1

    def kind_of_brace(self, head, place, parent):
        words = [self.word(item) for item in self.items(head, place)]
        while words[:1] == ["template"]:
            words = words[2:]
        previous = self.word(place - 1)
        if "=" not in words and "(" not in words and SCOPES & set(words[:2]):
            return "scope"
        if previous in (")", "]", "else", "do", "mutable", "override", "try"):
            return "code"
        if previous in ("const", "noexcept") and "(" in words:
            return "code"
        if parent == "code" and previous in ("", ";", "{", "}", ":") and (
                previous != "}" or place == head):
            return "code"
        if "->" in words and words[words.index("->") - 1] in ("(", "mutable", "const"):
            return "code"
        if parent == "scope" and previous == "}" and "(" in words and ":" in words:
            return "code"  # a constructor's, behind its initialisers
        return "other"

    def function_name(self, head, place):
        """The name before the parameters, or that of the variable that a lambda initialises."""
        for item in self.items(head, place):
            word = self.word(item)
            if word == "=" and self.word(item - 1) != "operator":
                return self.word(item - 1)
            if word == "(" and item > head and self.word(item - 1) not in LEFT_ALONE:
                begin = item - 1
                if self.word(begin - 1) == "operator":
                    begin -= 1
                while self.word(begin - 1) == "::":
                    begin -= 2
                return self.text[self.tokens[begin].start:self.tokens[item - 1].end]
        return "?"

    def plain(self, low, high, swap=None, word=""):
        """The text of a range of tokens in one line, with `word` in place of the token `swap`."""
        if low >= high:
            return ""
        text = self.text[self.tokens[low].start:self.tokens[high - 1].end]
        if swap is not None:
            before = self.text[self.tokens[low].start:self.tokens[swap].start]
            text = before + word + self.text[self.tokens[swap].end:self.tokens[high - 1].end]
        return " ".join(re.sub(r"//[^\n]*", "", text).split())


class Mutation:
    """The mutants of one file, and the file that contains them."""

    def __init__(self, file, text, first_number=1):
        self.source = Source(text)
        self.file = file
        self.next_number = first_number
        self.mutants = []
        self.function = ""
        self.repeated = collections.Counter()
        self.openings = []      # (offset, end of what is wrapped, order, text)
        self.closings = []
        self.replacements = {}  # (start, end) -> text
        self.visit_scope(0, len(self.source.tokens))

    # --- what is changed ----------------------------------------------------------------------

    def add(self, place, before, after):
        """A new mutant at a token: its number."""
        text, token = self.source.text, self.source.tokens[place]
        key = (self.function, before, after)
        self.repeated[key] += 1
        self.mutants.append(Mutant(self.file, self.function, before, after, self.repeated[key],
                                   text.count("\n", 0, token.start) + 1, self.next_number))
        self.next_number += 1
        return self.next_number - 1

    def wrap(self, low, high, opening, closing):
        """What wraps more, or the same and is told earlier, is outside."""
        start, end = self.source.tokens[low].start, self.source.tokens[high - 1].end
        order = len(self.openings)
        self.openings.append((start, -end, order, opening))
        self.closings.append((end, -start, -order, closing))

    def result(self):
        """The text of the mutated file."""
        text = self.source.text
        edits = [(offset, 0, rank, offset, closing)
                 for rank, (offset, _, _, closing) in enumerate(sorted(self.closings))]
        edits += [(offset, 1, rank, offset, opening)
                  for rank, (offset, _, _, opening) in enumerate(sorted(self.openings))]
        edits += [(start, 2, 0, end, new) for (start, end), new in self.replacements.items()]
        parts, done = [], 0
        for start, _, _, end, new in sorted(edits):
            parts += [text[done:start], new]
            done = end
        return "".join(parts) + text[done:]

    def replace(self, low, high, text):
        tokens = self.source.tokens
        self.replacements[tokens[low].start, tokens[high - 1].end] = text

    # --- where it is found --------------------------------------------------------------------

    def visit_scope(self, low, high):
        """Looks for functions; what stands outside of them is left as it is."""
        for place in self.source.items(low, high):
            token = self.source.tokens[place]
            if token.partner > place and token.text != "<" and not token.immediate:
                if token.function:
                    self.function = token.function
                visit = self.visit_code if token.kind == "code" else self.visit_scope
                visit(place + 1, token.partner)

    def visit_code(self, low, high):
        """The statements of a block."""
        begin = low
        for place in self.source.items(low, high):
            word = self.source.word(place)
            block = word == "{" and self.is_block(place)
            if word == ";" or block:
                self.visit_statement(begin, place + (word == ";"))
                begin = self.source.after(place)
            if block:
                self.visit_code(place + 1, self.source.tokens[place].partner)
            elif word == ":" and self.source.word(begin) in ("case", "default"):
                begin = place + 1

    def is_block(self, place):
        """Code, and not the body of a lambda."""
        if self.source.tokens[place].kind != "code":
            return False
        word = self.source.word(place - 1)
        if word != ")":
            return word in ("else", "do", ";", "{", "}", ":", "try")
        before = self.source.tokens[place - 1].partner - 1
        return self.source.word(before) in ("if", "for", "while", "switch", "constexpr")

    def visit_statement(self, low, high):
        """A statement with its ";", or the head of one with a block."""
        places = list(self.source.items(low, high))
        words = [self.source.word(place) for place in places]
        while words and words[0] in ("else", "do"):
            places, words = places[1:], words[1:]
        if not words or words[0] in SCOPES or "using" in words[:1]:
            return
        if "constexpr" in words[:3] and words[0] != "if":
            return
        if words[:2] == ["if", "constexpr"]:
            return
        if self.is_effect(places, words):
            number = self.add(low, self.source.plain(low, high), ";")
            self.wrap(low, high, f"if (!mutants::on({number})) ", "")
        if words[0] in ("if", "while", "for") and words[1:2] == ["("]:
            opening = self.source.tokens[places[1]]
            self.visit_condition(words[0], places[1] + 1, opening.partner)
            low = opening.partner + 1
        self.visit_expressions(places[0] if low < places[0] else low, high)

    def is_effect(self, places, words):
        """Whether the statement is a call or an assignment, whose removal still compiles."""
        if words[-1] != ";":
            return False
        step = next(step for step, word in enumerate(words) if word not in ("*", "++", "--"))
        if not re.match(r"[A-Za-z_]", words[step]) or words[step] in KEYWORDS:
            return False
        called = words[0] in ("++", "--")
        step += 1
        while step < len(words) - 1:
            word = words[step]
            if word in ("::", ".", "->"):
                step, called = step + 2, False
            elif word in ("(", "[", "<") and self.source.tokens[places[step]].partner >= 0:
                step, called = step + 1, word == "("
            elif word in ("++", "--"):
                step, called = step + 1, True
            else:
                return word in ASSIGNING
        return called

    def visit_condition(self, keyword, low, high):
        """What stands in the parentheses of if, while, for."""
        source = self.source
        ends = [place for place in source.items(low, high) if source.word(place) == ";"]
        whole, begin, end = low, low, high
        if keyword == "for":
            if len(ends) != 2:
                self.visit_expressions(low, high)
                return
            begin, end = ends[0] + 1, ends[1]
            self.visit_expressions(low, begin)
            self.visit_expressions(end, high)
        elif ends:
            begin = ends[-1] + 1
            self.visit_expressions(low, begin)
        if begin == end or source.plain(begin, end) == "true":
            return
        assigned = [place for place in source.items(begin, end) if source.word(place) == "="]
        if assigned and keyword == "while":
            self.visit_expressions(begin, end)
            return
        # A loop that never ends is found, and takes its whole time to be found: left out.
        kinds = ("always", "never") if keyword == "if" else ("never",)
        before = f"{keyword} ({source.plain(whole, high)})"
        constants = {"always": "true", "never": "false"}
        calls = [f"mutants::{kind}({self.add(begin, before, f'{keyword} ({constants[kind]})')}, "
                 for kind in kinds]
        if assigned:
            name = source.word(assigned[0] - 1)
            self.wrap(begin, end, "", "; " + "".join(calls) + name + ")" * len(calls))
        else:
            self.wrap(begin, end, "".join(calls), ")" * len(calls))
        self.visit_expressions(begin, end)

    def visit_expressions(self, low, high):
        """Expressions at one depth of brackets, and what their brackets hold."""
        source = self.source
        begin = low
        places = list(source.items(low, high))
        for place in places:
            if source.word(place) in ASSIGNMENTS:
                ends = [end for end in places if end > place and source.word(end) in ",;"]
                self.visit_operator(place, begin, (ends + [high])[0], ASSIGNMENTS)
            if source.word(place) in ENDS:
                if source.word(place) == "?":
                    self.visit_choice(begin, place)
                self.visit_logical(begin, place, "||")
                begin = place + 1
        self.visit_logical(begin, high, "||")
        for place in places:
            token = source.tokens[place]
            if token.partner <= place or token.text == "<" or source.word(place - 1) in LEFT_ALONE:
                continue
            if token.kind == "code":
                self.visit_code(place + 1, token.partner)
            elif token.kind == "other":
                self.visit_expressions(place + 1, token.partner)

    def visit_choice(self, begin, question):
        """The condition of "?:"."""
        before = f"{self.source.plain(begin, question)} ?"
        always, never = self.add(begin, before, "true ?"), self.add(begin, before, "false ?")
        self.wrap(begin, question, f"mutants::always({always}, mutants::never({never}, ", "))")

    def visit_logical(self, low, high, operator):
        """An expression down to "||", then "&&"; each of their operands is looked at by itself."""
        found = [place for place in self.source.items(low, high)
                 if self.source.word(place) == operator and self.is_binary(place)]
        inner = "&&" if operator == "||" else None
        starts, ends = [low] + [place + 1 for place in found], found + [high]
        if found:
            self.chain(low, high, operator, found)
        for start, end in zip(starts, ends):
            if found:
                neutral, word = ("always", "true") if operator == "&&" else ("never", "false")
                after = " ".join(part for part in (
                    self.source.plain(low, start), word, self.source.plain(end, high)) if part)
                number = self.add(start, self.source.plain(low, high), after)
                self.wrap(start, end, f"mutants::{neutral}({number}, ", ")")
            if inner:
                self.visit_logical(start, end, inner)
            else:
                self.visit_operand(start, end)

    def chain(self, low, high, operator, found):
        """a && (b && c): the right operand is evaluated if the left one has not decided already."""
        compare, otherwise = ("!=", "") if operator == "&&" else ("==", "!")
        start = low
        for place in found:
            number = self.add(place, self.source.plain(low, high),
                              self.source.plain(low, high, place, LOGICAL[operator]))
            asked = f"mutants::on({number})"
            self.wrap(start, high, "((mutants::truth(", f") : {otherwise}{asked})")
            self.replace(place, place + 1, f") {compare} {asked}) ? mutants::truth(")
            start = place + 1

    def visit_operand(self, low, high):
        """Without "&&", "||", "?:" and assignments at this depth."""
        places = list(self.source.items(low, high))
        for place in places:
            word = self.source.word(place)
            if word in BINARY and self.is_binary(place):
                self.visit_operator(place, low, high, BINARY)
            elif word == "!" and place > low and not self.is_binary(place):
                self.visit_not(place, high)
            elif word == "!":
                self.visit_whole_not(place, high)
            elif word == "std" and self.source.word(place + 1) == "::" and (
                    self.source.word(place + 2) in ("min", "max") and
                    self.source.word(place + 3) == "("):
                self.visit_extreme(place, low, high)

    def is_binary(self, place):
        token = self.source.tokens[place]
        return token.blank_before and token.blank_after and token.partner < 0

    def visit_operator(self, place, low, high, table):
        word = self.source.word(place)
        before = self.source.plain(low, high)
        numbers = [self.add(place, before, self.source.plain(low, high, place, other))
                   for other in table[word]]
        self.replace(place, place + 1, f"{word} mutants::at({numbers[0]}) {word}")

    def visit_extreme(self, place, low, high):
        word = self.source.word(place + 2)
        other = "max" if word == "min" else "min"
        number = self.add(place, self.source.plain(low, high),
                          self.source.plain(low, high, place + 2, other))
        self.replace(place, place + 3, f"mutants::{word}({number})")

    def visit_not(self, place, high):
        """"!" and what it negates: a name, a call, a member of these."""
        end = place + 1
        while self.source.word(end) in ("*", "!"):
            end += 1
        end = self.source.after(end)
        while end < high and (self.source.word(end) in ("(", "[", "<") and
                              self.source.tokens[end].partner > end or
                              self.source.word(end) in (".", "->", "::") or
                              self.source.word(end - 1) in (".", "->", "::")):
            end = self.source.after(end)
        number = self.add(place, self.source.plain(place, end),
                          self.source.plain(place + 1, end))
        self.wrap(place, end, f"mutants::inverted({number}, ", ")")

    def visit_whole_not(self, place, high):
        """As a whole operand or condition it is mutated there: true and false."""
        before = self.source.word(place - 1)
        if before in LOGICAL or self.source.word(high) in (*LOGICAL, "?"):
            return
        opener = self.source.tokens[place - 1]
        if before == "(" and opener.partner == high and self.source.word(place - 2) in (
                "if", "while"):
            return
        if before == ";" and self.source.word(high) in (";", ")"):
            return
        self.visit_not(place, high)


def mutate(file, text, first_number=1):
    """(the mutants of a file, its mutated text). Numbers count on from `first_number`."""
    mutation = Mutation(file, text, first_number)
    return mutation.mutants, with_include(mutation.result())


def with_include(text):
    """The include of what the mutants call; line numbers stay as they are."""
    include = '#include "mutants/mutants.h"\n'
    if text.startswith("#pragma once\n"):
        return "#pragma once\n" + include + "#line 2\n" + text.removeprefix("#pragma once\n")
    return include + "#line 1\n" + text
