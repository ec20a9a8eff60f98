#!/usr/bin/python3
"""Holds `bpfrig schema` against plans: those that the reader takes are valid, also as editors see them, and a
misspelt key that the reader refuses is refused by the schema, too.

check_plans.py BPFRIG SOURCE BUILD
"""
import copy
import json
import pathlib
import re
import subprocess
import sys
import tempfile

import jsonschema
import yaml

BPFRIG, SOURCE, BUILD = sys.argv[1], pathlib.Path(sys.argv[2]), pathlib.Path(sys.argv[3])
OBJECTS = ["-I", str(BUILD / "bpf"), "-I", str(BUILD / "tests/objects")]


class EditorLoader(yaml.SafeLoader):
    """YAML as yaml-language-server reads it: version 1.2, and of a tag that it was told of the operand alone,
    which is text if it is neither a list nor a mapping."""

    yaml_implicit_resolvers = {}
    tags = set()

    def tagged(self, _suffix, node):
        kinds = {yaml.ScalarNode: "scalar", yaml.SequenceNode: "sequence", yaml.MappingNode: "mapping"}
        kind = f"{node.tag} {kinds[type(node)]}"
        if kind not in self.tags:
            raise yaml.constructor.ConstructorError(None, None, f"no editor is told of {kind}", node.start_mark)
        if isinstance(node, yaml.ScalarNode):
            return node.value
        if isinstance(node, yaml.SequenceNode):
            return self.construct_sequence(node, deep=True)
        return self.construct_mapping(node, deep=True)


for tag, pattern in (
    ("null", r"~|null|Null|NULL|"),
    ("bool", r"true|True|TRUE|false|False|FALSE"),
    ("int", r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+"),
    ("float", r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?"),
):
    EditorLoader.add_implicit_resolver(f"tag:yaml.org,2002:{tag}", re.compile(f"^(?:{pattern})$"), None)
EditorLoader.add_constructor(
    "tag:yaml.org,2002:int", lambda loader, node: int(node.value, 16 if "x" in node.value else 10)
)
EditorLoader.add_multi_constructor("!", EditorLoader.tagged)


def settings_of_page():
    """The block of docs/reference.md that readers copy."""
    page = (SOURCE / "docs/reference.md").read_text()
    return json.loads(re.search(r"```json\n(.*?)```", page, re.DOTALL).group(1))


def run(*arguments):
    return subprocess.run([BPFRIG, *arguments], capture_output=True, text=True, check=False, timeout=120)


def is_accepted(path):
    """Whether the plan reader takes the file; one without name and tests is only included."""
    text = yaml.load(path.read_text(), EditorLoader)
    if "name" not in text and "tests" not in text:
        return True
    return run("run", "--list", *OBJECTS, str(path)).returncode == 0


def misspelt(document):
    """The document once for each of its keys, with that key misspelt, and the key."""

    def places(node, path=()):
        if isinstance(node, dict):
            for key, value in node.items():
                yield path, key
                yield from places(value, (*path, key))
        if isinstance(node, list):
            for index, value in enumerate(node):
                yield from places(value, (*path, index))

    for path, key in places(document):
        changed = copy.deepcopy(document)
        node = changed
        for step in path:
            node = node[step]
        items = [(f"{name}_x" if name == key else name, value) for name, value in node.items()]
        node.clear()
        node.update(items)
        yield changed, f"{key}_x"


def parts_of(plan):
    """The plan without its steps, and each of its steps in a plan of its own, so that no document is large."""
    rest = copy.deepcopy(plan)
    steps = []
    for test in rest.get("tests", []):
        steps += [step for step in test["steps"] if step not in steps]
        test["steps"] = [{"detach": {"link": "x"}}]
    yield rest
    for step in steps:
        yield {"name": "p", "tests": [{"name": "t", "steps": [step]}]}


def shape_of(node):
    """The node without its texts and numbers."""
    if isinstance(node, dict):
        return tuple((key, shape_of(value)) for key, value in node.items())
    return tuple(shape_of(value) for value in node) if isinstance(node, list) else type(node).__name__


def refused_by_reader(documents):
    """Which of them the plan reader refuses because of the key."""
    refused = set()
    with tempfile.TemporaryDirectory() as folder:
        for number, (document, _) in enumerate(documents):
            (pathlib.Path(folder) / f"{number}.yaml").write_text(json.dumps(document))
        answer = run("check", folder)
        for number, key in re.findall(r'/([0-9]+)\.yaml:.*unknown (?:key|step) "([^"]+)"', answer.stdout + answer.stderr):
            if documents[int(number)][1] == key:
                refused.add(int(number))
    return refused


def main():
    schema = json.loads(run("schema").stdout)
    jsonschema.Draft7Validator.check_schema(schema)
    validator = jsonschema.Draft7Validator(schema)
    EditorLoader.tags = set(settings_of_page()["yaml.customTags"])

    files = sorted(path for folder in ("plans", "tests/golden") for path in (SOURCE / folder).rglob("*.yaml"))
    plans = {}
    broken = [path for path in files if path.parent.name == "plans" and "golden" in path.parts]
    for path in files:
        if path not in broken and is_accepted(path):
            plans[path] = yaml.load(path.read_text(), EditorLoader)
    failures = []
    for path, plan in plans.items():
        for error in validator.iter_errors(plan):
            failures.append(f"{path}: {error.json_path}: {error.message[:300]}")

    # One of each shape.
    parts = {shape_of(part): part for plan in plans.values() for part in parts_of(plan)}
    documents = [changed for part in parts.values() for changed in misspelt(part)]
    refused = refused_by_reader(documents)
    for number in sorted(refused):
        document, key = documents[number]
        if validator.is_valid(document):
            failures.append(f"{key} is taken by the schema, and not by the reader: {json.dumps(document)[:300]}")
    # Broken plans whose complaint is about a key.
    of_keys = [path for path in broken if re.search(r"unknown (key|step) ", path.with_suffix(".expected").read_text())]
    for path in of_keys:
        try:
            document = yaml.load(path.read_text(), EditorLoader)
        except yaml.constructor.ConstructorError:
            # A tag that editors are not told of, either.
            continue
        if validator.is_valid(document):
            failures.append(f"{path}: the schema takes it, and the reader does not")

    print(f"{len(plans)} plans are valid; {len(refused)} misspelt keys and {len(of_keys)} broken plans are looked at")
    print("\n".join(failures[:40]))
    return 1 if failures or len(plans) < 30 or len(refused) < 500 or len(of_keys) < 2 else 0


sys.exit(main())
