"""The chat model in NumPy: which parts of its recipe are needed.

Trains the chat model of `companion numpy-chat` from three seeds, each in a
world of facts of its own: with the whole recipe; with one part left out;
with fewer and larger steps; and without any statements, so that held-out
answers can only be guessed. Scores the questions asked in training, those
never asked, and questions about all facts in wordings that no dialogue has.

    python experiments/chat_in_numpy.py --workers 2

writes book/results/chat_in_numpy.json after every run, and goes on where it
stopped; --again starts anew. About four minutes on two cores.

Chapter: book/projects/1-chat-in-numpy.ipynb
"""

import time

import stored

from companion.numpy_gpt.chat import ChatConfig, ChatRun, share_right
from companion.numpy_gpt.chat_data import reworded, world_data

OUT = "chat_in_numpy.json"
RECIPES = {
    "whole": {},
    "one statement a text": {"pack": 1},
    "no statements in tuning": {"mix": 0.0},
    "neither": {"pack": 1, "mix": 0.0},
    "dialogues only": {"mix": 0.0},
    "a third of the steps": {
        "batch_size": 32,
        "pretraining_epochs": 40,
        "tuning_epochs": 15,
    },
}
JOBS = [
    {"recipe": name, "seed": seed} for name in RECIPES for seed in range(3)
]


def run(job: dict) -> dict:
    """Train one model and ask it everything."""
    data = world_data(job["seed"])
    config = ChatConfig(seed=job["seed"], **RECIPES[job["recipe"]])
    chat = ChatRun(data, config)
    start, seconds = time.process_time(), {}
    first = []
    if job["recipe"] != "dialogues only":
        first = chat.pretrain()
    seconds["pretraining"] = time.process_time() - start
    second = chat.tune()
    seconds["tuning"] = time.process_time() - start - seconds["pretraining"]
    asked = {
        "asked": data.train,
        "never asked": data.test,
        "reworded": reworded(job["seed"]),
    }
    right = {name: share_right(chat.model, p) for name, p in asked.items()}
    return job | {
        "parameters": chat.model.config.n_parameters,
        "cpu_seconds": {k: round(v, 1) for k, v in seconds.items()},
        "losses": [round(e["loss"], 4) for e in (*first, *second)],
        "right": {k: round(v, 4) for k, v in right.items()},
    }


def save(runs: list[dict]) -> None:
    """Write everything known so far."""
    stored.write(
        OUT,
        "experiments/chat_in_numpy.py --workers 2",
        runs,
        machine=stored.one_core(),
        recipes=RECIPES,
        units={
            "losses": "nats per learned token, one an epoch",
            "right": "share of the questions",
        },
    )


def line(found: dict) -> str:
    """Tell a run in short."""
    right = "  ".join(f"{k} {v:.3f}" for k, v in found["right"].items())
    return (
        f"{found['recipe']:<24} seed {found['seed']}  {right}  "
        f"{sum(found['cpu_seconds'].values()):.0f} s"
    )


def main() -> None:
    """Read the options and fill the table."""
    stored.fill(OUT, __doc__, JOBS, run, save, line)


if __name__ == "__main__":
    main()
