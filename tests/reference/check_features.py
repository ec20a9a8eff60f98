#!/usr/bin/python3
"""Every key and tag of the plan language, as `bpfrig schema` has them, stands in a plan that tests run or read
without complaint, and in one whose expected words point to it.

check_features.py BPFRIG SOURCE
"""
import json
import pathlib
import re
import subprocess
import sys

import yaml

BPFRIG, SOURCE = sys.argv[1], pathlib.Path(sys.argv[2])
SCHEMA = json.loads(subprocess.run([BPFRIG, "schema"], capture_output=True, text=True, check=True, timeout=60).stdout)
# Aliases may make a plan that contains itself; none that is meant goes as deep.
DEEPEST = 40


def resolved(schema, place):
    """The schema that is meant, and where it is defined: a feature is known by the latter."""
    while isinstance(schema, dict) and "$ref" in schema:
        place = schema["$ref"].removeprefix("#/definitions/")
        schema = SCHEMA["definitions"][place]
    return schema, place


def alternatives(schema, place):
    """The schema itself, and those of which it says that one or all hold, too, some on a condition."""
    schema, place = resolved(schema, place)
    if not isinstance(schema, dict):
        return
    yield schema, place
    parts = [part for word in ("anyOf", "oneOf", "allOf") for part in schema.get(word, [])]
    for part in [*parts, *([schema["then"]] if "then" in schema else [])]:
        yield from alternatives(part, place)


def keys_of_schema():
    keys = set()
    waiting, seen = [(SCHEMA, "plan")], set()
    while waiting:
        for schema, place in alternatives(*waiting.pop()):
            if id(schema) in seen:
                continue
            seen.add(id(schema))
            for key, value in schema.get("properties", {}).items():
                keys.add((place, key))
                waiting.append((value, f"{place}.{key}"))
            for word in ("items", "additionalProperties"):
                if isinstance(schema.get(word), dict):
                    waiting.append((schema[word], place))
    return keys


def tags_of_page():
    """Those that docs/reference.md tells editors of."""
    block = re.search(r"```json\n(.*?)```", (SOURCE / "docs/reference.md").read_text(), re.DOTALL).group(1)
    return {("tag", tag.split()[0]) for tag in json.loads(block)["yaml.customTags"]}


def features_of(node, schema, place, depth=0):
    """(feature, first node, last node) of all keys and tags below the node."""
    if depth > DEEPEST:
        return
    if node.tag.startswith("!"):
        yield ("tag", node.tag), node, node
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if not isinstance(key, yaml.ScalarNode):
                continue
            below = []
            for part, where in alternatives(schema, place):
                if key.value in part.get("properties", {}):
                    yield (where, key.value), key, value
                    below.append((part["properties"][key.value], f"{where}.{key.value}"))
                elif isinstance(part.get("additionalProperties"), dict):
                    below.append((part["additionalProperties"], where))
            for part, where in below or [({}, "")]:
                yield from features_of(value, part, where, depth + 1)
    elif isinstance(node, yaml.SequenceNode):
        items = [(part["items"], where) for part, where in alternatives(schema, place) if "items" in part]
        for element in node.value:
            for part, where in items or [({}, "")]:
                yield from features_of(element, part, where, depth + 1)


def features_at(features, line, column):
    """Those of the innermost node that the position is in."""
    at = (line - 1, column - 1)
    around = {}
    for feature, first, last in features:
        start = (first.start_mark.line, first.start_mark.column)
        if start <= at <= (last.end_mark.line, last.end_mark.column):
            around.setdefault(start, set()).add(feature)
    return around[max(around)] if around else set()


def main():
    passing, failing = set(), set()
    for path in [*SOURCE.glob("plans/**/*.yaml"), *SOURCE.glob("tests/golden/**/*.yaml")]:
        try:
            plan = yaml.compose(path.read_text(), yaml.SafeLoader)
        except yaml.YAMLError:
            continue
        features = list(features_of(plan, SCHEMA, "plan")) if plan else []
        expected = path.with_suffix(".expected")
        words = expected.read_text() if expected.exists() else ""
        if not words or "exit status 0" in words:
            passing.update(feature for feature, _, _ in features)
        for line, column in re.findall(rf"{re.escape(path.name)}:(\d+):(\d+)", words):
            failing |= features_at(features, int(line), int(column))

    wanted = keys_of_schema() | tags_of_page()
    for place, key in sorted(wanted - passing):
        print(f"no plan that passes has {key} ({place})")
    for place, key in sorted(wanted - failing):
        print(f"no plan fails at {key} ({place})")
    print(f"{len(wanted)} keys and tags")
    return 0 if wanted <= passing & failing and len(wanted) > 300 else 1


sys.exit(main())
