"""A template's conditions and functions resolved as CloudFormation would, for resources that moto
does not create."""

import re

REGION, ACCOUNT = "us-east-1", "123456789012"
NOTHING = object()


class Template:
    def __init__(self, template, stack, parameters):
        self.template = template
        self.values = {"AWS::StackName": stack, "AWS::Region": REGION, "AWS::AccountId": ACCOUNT,
                       "AWS::Partition": "aws", "AWS::URLSuffix": "amazonaws.com",
                       "AWS::NoValue": NOTHING}
        for name, parameter in template["Parameters"].items():
            self.values[name] = str(parameters.get(name, parameter.get("Default")))

    def resources(self, kind):
        """{logical name: resolved properties} of those whose condition holds."""
        return {name: self.resolve(resource["Properties"])
                for name, resource in self.template["Resources"].items()
                if resource["Type"] == kind and self.holds(resource.get("Condition"))}

    def refusals(self):
        """What the section Rules tells of these parameters: nothing where they are taken."""
        return [assertion["AssertDescription"] for rule in self.template["Rules"].values()
                if self.resolve(rule.get("RuleCondition", True))
                for assertion in rule["Assertions"] if not self.resolve(assertion["Assert"])]

    def holds(self, condition):
        return condition is None or self.resolve(self.template["Conditions"][condition])

    def reference(self, name):
        """A parameter's value, or what stands for a resource: its name where it has one."""
        if name in self.values:
            return self.values[name]
        properties = self.template["Resources"][name]["Properties"]
        named = [key for key in ("FunctionName", "QueueName") if key in properties]
        return self.resolve(properties[named[0]]) if named else name

    def substitute(self, text, values=()):
        values = {name: self.resolve(value) for name, value in dict(values).items()}
        return re.sub(r"\$\{([\w:]+)\}",
                      lambda m: values.get(m[1]) or str(self.reference(m[1])), text)

    def resolve(self, value):
        if isinstance(value, list):
            return [item for item in map(self.resolve, value) if item is not NOTHING]
        if not isinstance(value, dict):
            return value
        if len(value) == 1:
            (function, argument), = value.items()
            if handler := getattr(self, "do_" + re.sub(r"\W+", "_", function).lower(), None):
                return handler(argument)
        members = {name: self.resolve(member) for name, member in value.items()}
        return {name: member for name, member in members.items() if member is not NOTHING}

    def do_ref(self, name):
        return self.reference(name)

    def do_condition(self, name):
        return self.holds(name)

    def do_fn_getatt(self, argument):
        return self.reference(argument[0])

    def do_fn_sub(self, argument):
        return self.substitute(*([argument] if isinstance(argument, str) else argument))

    def do_fn_if(self, argument):
        return self.resolve(argument[1 if self.holds(argument[0]) else 2])

    def do_fn_equals(self, argument):
        left, right = map(self.resolve, argument)
        return str(left) == str(right)

    def do_fn_not(self, argument):
        return not self.resolve(argument[0])

    def do_fn_and(self, argument):
        return all(map(self.resolve, argument))

    def do_fn_or(self, argument):
        return any(map(self.resolve, argument))

    def do_fn_join(self, argument):
        parts = self.resolve(argument[1])
        return argument[0].join(parts if isinstance(parts, list) else [parts])

    def do_fn_split(self, argument):
        return self.resolve(argument[1]).split(argument[0])

    def do_fn_select(self, argument):
        return self.resolve(argument[1])[int(argument[0])]
