import json

with open("/input/script.json") as file:
    exec(compile(json.load(file), "script", "exec"), {})
