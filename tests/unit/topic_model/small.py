"""A taxonomy of three topics with a few seeds each, written to a folder: enough to train on in a second."""

from pathlib import Path

import yaml

TAXONOMY = [
    {"name": "Baking Bread", "domain": "home", "definition": "Dough, yeast and ovens"},
    {"name": "Car Repair", "domain": "leisure", "definition": "Engines, brakes and tyres"},
    {"name": "Tax Returns", "domain": "money", "definition": "Forms and deductions"},
]
SEEDS = {
    "home": {
        "Baking Bread": [
            "my sourdough starter does not rise, what now",
            "How long should wheat dough rest before baking?",
            "Which oven temperature gives a crisp crust?",
            "can I replace fresh yeast by dry yeast",
            "Wie lange muss ein Roggenbrot im Ofen bleiben?",
            "kneading by hand or in a machine for baguettes",
        ]
    },
    "leisure": {
        "Car Repair": [
            "the brakes of my old Golf squeak when it rains",
            "How do I change a flat tyre on the motorway?",
            "engine light is on after an oil change",
            "what does a new clutch cost for a Corsa",
            "Le moteur cale au ralenti, que vérifier ?",
            "my car battery dies every cold morning",
        ]
    },
    "money": {
        "Tax Returns": [
            "can I deduct my home office from income tax",
            "What is the deadline of the tax return this year?",
            "the tax office wants receipts for my donations",
            "how do I declare income from renting a flat",
            "¿Qué gastos puedo deducir en la declaración?",
            "which form do freelancers need for VAT",
        ]
    },
}
NO_TOPIC = ["hello", "thanks a lot", "ok", "continue please", "test test", "who are you"]
LEAST = 6


def write_texts(folder: Path) -> Path:
    (folder / "seeds").mkdir(parents=True)
    write(folder / "taxonomy.yaml", TAXONOMY)
    write(folder / "no_topic.yaml", NO_TOPIC)
    for domain, seeds in SEEDS.items():
        write(folder / "seeds" / f"{domain}.yaml", seeds)
    return folder


def write(path: Path, value: object) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(yaml.safe_dump(value, allow_unicode=True, sort_keys=False), encoding="utf-8")
