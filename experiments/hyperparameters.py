"""Search for the settings of one small decoder, in several ways.

Every training reads the same 576 stories once, at a cosine that ends with
them, and is scored on 200 validation stories, some also on 40 of these at 16
places on the way. The tables:

"baseline": what another page took, without a search, five seeds.
"grid": 5 learning rates x 3 batch sizes x 3 widths, one seed.
"seeds": the five best of the grid, and the middle one, from four more.
"wider": beyond the edge of the grid where its best is; "fresh": the four
best of everything at full budget, from four more seeds.
"warmup": one setting with five lengths of warm-up, three seeds.
"epochs": equal reading of 576, 288, 144 and 72 stories, three seeds.
"plane": rate and weight decay, 4 x 4 of a grid, and 16 at random.
"methods": random search, successive halving, Optuna's TPE, and TPE with
pruning, each with the budget of 18 whole trainings, three times, over five
settings; rate, batch size, width, weight decay and warm-up.
"chosen": the choice of each of these twelve, from two fresh seeds.

    python experiments/hyperparameters.py

appends to book/results/hyperparameters.jsonl after every run, and goes on
where it stopped. About ten minutes of one core.

Chapter: book/5-training/7-searching.ipynb
"""

import itertools
import platform
import time

import numpy as np
import optuna
import torch
from small_decoder import guesses, in_batches
from stored import RESULTS, one_core
from torch import nn

from companion.corpus import split
from companion.evaluation import loss_of
from companion.models import Transformer, TransformerConfig
from companion.tokenization import Vocabulary, split_words
from companion.training import (
    TrainConfig,
    encode_documents,
    fit,
)
from companion.training.batches import Batch
from companion.training.results import Results, ranked
from companion.training.search import (
    Choice,
    LogUniform,
    Uniform,
    grid,
    random_settings,
    successive_halving,
    try_all,
)

OUT = RESULTS / "hyperparameters.jsonl"
STORIES, PLACES = 576, 16
GRID = {
    "lr": [0.001, 0.003, 0.01, 0.03, 0.1],
    "batch_size": [4, 16, 64],
    "d_model": [16, 32, 64],
}
PLANE = {"lr": (0.001, 0.1), "weight_decay": (1e-4, 1.0)}
BASELINE = {"lr": 0.005, "batch_size": 4, "d_model": 64}
WIDER = {
    "lr": [0.003, 0.01, 0.03],
    "batch_size": [1, 2, 4],
    "d_model": [64, 128],
}
EPOCHS = [
    {"lr": 0.01, "batch_size": 4, "d_model": 64, "distinct": STORIES // n}
    for n in (1, 2, 4, 8)
]
WARMUPS = [
    {"lr": 0.02, "batch_size": 4, "d_model": 64, "warmup": warmup}
    for warmup in (0.0, 0.05, 0.1, 0.2, 0.3)
]
SPACE = {
    "lr": LogUniform(0.001, 0.1),
    "batch_size": Choice((4, 8, 16, 32)),
    "d_model": Choice((16, 32, 64)),
    "weight_decay": LogUniform(1e-4, 1.0),
    "warmup": Uniform(0.0, 0.3),
}
HALVING = {"least": STORIES // 9, "most": STORIES, "factor": 3}
TRIALS, REPEATS = 18, 3  # whole trainings a method, and how often


class Stories:
    """What is read and what is scored on, laid out once."""

    def __init__(self) -> None:
        english = split("en", "train")
        self.vocabulary = Vocabulary(english.vocabulary)
        self.train = self._encode("train", STORIES)
        validation = self._encode("validation", 200)
        self.some = in_batches(validation[:40], 40)
        self.all = in_batches(validation, 40)

    def _encode(self, name: str, n: int) -> list[np.ndarray]:
        texts = split("en", name).texts(n)
        return encode_documents(map(split_words, texts), self.vocabulary)


def score(model: nn.Module, batches: list[Batch]) -> dict[str, float]:
    """Name what is measured."""
    loss, right = guesses(model, batches)
    return {"loss": loss, "right": right}


class Trainings:
    """The trial of every table; each run says which table it is of.

    Args:
        label: what each run says besides.
        curve: score on the way.
        report: called with a place and a loss; True ends the training.
    """

    def __init__(
        self,
        stories: Stories,
        *,
        label: dict,
        curve: bool = False,
        report=None,
    ) -> None:
        self.stories, self.label, self.curve = stories, label, curve
        self.report = report

    def __call__(self, setting: dict, *, seed: int, budget: int) -> dict:
        """Read `budget` stories once."""
        start = time.process_time()
        torch.manual_seed(seed)
        model = Transformer(
            TransformerConfig(
                vocab_size=len(self.stories.vocabulary),
                context_length=256,
                d_model=setting["d_model"],
                n_layers=1,
                n_heads=4,
                position="rotary",
                init_std=0.1,
            )
        )
        per_step, curve = setting["batch_size"], []
        apart = STORIES // PLACES

        def on_step(entry: dict) -> bool:
            read = entry["step"] * per_step
            if read // apart == (read - per_step) // apart or not self.curve:
                return False
            loss = score(model, self.stories.some)["loss"]
            curve.append([read, loss])
            return bool(self.report and self.report(read // apart, loss))

        config = TrainConfig(
            steps=budget // per_step,
            batch_size=per_step,
            lr=setting["lr"],
            weight_decay=setting.get("weight_decay", 0.01),
            warmup=setting.get("warmup", 0.05),
            seed=seed,
        )
        stories = self.stories.train[: setting.get("distinct", budget)]
        history = fit(model, stories, config, on_step=on_step)
        found = score(model, self.stories.all)
        seconds = round(time.process_time() - start, 2)
        read = len(history) * per_step
        found |= {"seconds": seconds, "stories": read, **self.label}
        return found | ({"curve": curve} if self.curve else {})


def of_grid(stories: Stories, results: Results) -> None:
    """The grid, and more seeds for a few of its settings."""
    trial = Trainings(stories, label={"table": "grid"}, curve=True)
    runs = try_all(trial, grid(GRID), results, budget=STORIES)
    rows = ranked(runs)
    few = [row["setting"] for row in (*rows[:5], rows[len(rows) // 2])]
    trial = Trainings(stories, label={"table": "seeds"})
    try_all(trial, few, results, seeds=range(1, 5), budget=STORIES)


def beyond(stories: Stories, results: Results) -> None:
    """The baseline, past the edge of the grid, and two closer looks."""
    trial = Trainings(stories, label={"table": "baseline"})
    try_all(trial, [BASELINE], results, seeds=range(5), budget=STORIES)
    trial = Trainings(stories, label={"table": "wider"})
    runs = try_all(trial, grid(WIDER), results, budget=STORIES)
    runs += try_all(trial, grid(GRID), results, budget=STORIES)
    few = [row["setting"] for row in ranked(runs)[:4]]
    trial = Trainings(stories, label={"table": "fresh"})
    try_all(trial, few, results, seeds=range(1, 5), budget=STORIES)
    for table, settings in (("warmup", WARMUPS), ("epochs", EPOCHS)):
        trial = Trainings(stories, label={"table": table})
        try_all(trial, settings, results, seeds=range(3), budget=STORIES)


def plane() -> tuple[list[dict], list[dict]]:
    """Sixteen points of a grid, and sixteen at random, 32 wide."""
    fixed = {"batch_size": 8, "d_model": 32, "warmup": 0.05}
    lines = {name: np.geomspace(*ends, 4) for name, ends in PLANE.items()}
    space = {name: LogUniform(*ends) for name, ends in PLANE.items()}
    square = grid({name: line.tolist() for name, line in lines.items()})
    scattered = random_settings(space, 16, seed=0)
    return [s | fixed for s in square], [s | fixed for s in scattered]


def by_optuna(
    stories: Stories, results: Results, repeat: int, *, pruning: bool
) -> dict:
    """A study with the budget of all; known runs are told to it again."""
    name = "pruning" if pruning else "tpe"
    # other draws than without pruning: known runs have no curve to judge by
    seed = repeat + REPEATS * pruning
    sampler = optuna.samplers.TPESampler(seed=seed, n_startup_trials=6)
    pruner = optuna.pruners.MedianPruner(n_startup_trials=5, n_warmup_steps=3)
    study = optuna.create_study(sampler=sampler, pruner=pruner)

    def objective(trial: optuna.Trial) -> float:
        setting = {
            "lr": trial.suggest_float("lr", 0.001, 0.1, log=True),
            "batch_size": trial.suggest_categorical(
                "batch_size", SPACE["batch_size"].values
            ),
            "d_model": trial.suggest_categorical(
                "d_model", SPACE["d_model"].values
            ),
            "weight_decay": trial.suggest_float(
                "weight_decay", 1e-4, 1.0, log=True
            ),
            "warmup": trial.suggest_float("warmup", 0.0, 0.3),
        }

        def report(place: int, loss: float) -> bool:
            trial.report(loss, place)
            return trial.should_prune()

        known = results.find(setting, 0, STORIES)
        label = {"table": "methods", "method": name, "repeat": repeat}
        train = Trainings(
            stories, label=label, curve=pruning, report=pruning and report
        )
        (run,) = try_all(train, [setting], results, budget=STORIES)
        apart = STORIES // PLACES
        for read, loss in (known or {}).get("curve", []):
            report(read // apart, loss)
        trial.set_user_attr("stories", run["stories"])
        if run["stories"] < STORIES:
            raise optuna.TrialPruned
        return run["loss"]

    spent = 0
    while spent + STORIES <= TRIALS * STORIES:
        study.optimize(objective, n_trials=1)
        spent += study.trials[-1].user_attrs["stories"]
    return study.best_trial.params


def methods(stories: Stories, results: Results) -> list[dict]:
    """Three ways with equal budgets, each repeated; what they chose."""
    chosen = []
    for repeat in range(REPEATS):
        label = {"table": "methods", "method": "random", "repeat": repeat}
        trial = Trainings(stories, label=label)
        some = random_settings(SPACE, TRIALS, seed=repeat)
        runs = try_all(trial, some, results, budget=STORIES)
        chosen.append(ranked(runs)[0]["setting"])
        label = {**label, "method": "halving"}
        many = random_settings(SPACE, 3 * TRIALS, seed=repeat)
        trial = Trainings(stories, label=label)
        *_, last = successive_halving(trial, many, results, **HALVING)
        chosen.append(last[0]["setting"])
        for pruning in (False, True):
            chosen.append(by_optuna(stories, results, repeat, pruning=pruning))
    return chosen


def main() -> None:
    """Fill the tables."""
    torch.set_num_threads(1)
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    test = split("en", "validation").stories(200)
    floor = loss_of([story.log_probs for story in test]).nats_per_word
    about = {
        "command": "python experiments/hyperparameters.py",
        "python": platform.python_version(),
        "numpy": np.__version__,
        "torch": torch.__version__,
        "optuna": optuna.__version__,
        "machine": one_core(),
        "budget": "stories read, each once",
        "curve": "stories read, nats per word on 40 validation stories",
        "floor_nats_per_word": round(floor, 4),
    }
    results, stories = Results(OUT, about), Stories()
    of_grid(stories, results)
    trial = Trainings(stories, label={"table": "plane"})
    try_all(trial, itertools.chain(*plane()), results, budget=STORIES)
    chosen = methods(stories, results)
    beyond(stories, results)
    trial = Trainings(stories, label={"table": "chosen"})
    try_all(trial, chosen, results, seeds=(1, 2), budget=STORIES)
    print(f"{len(results.runs)} runs in {OUT}")


if __name__ == "__main__":
    main()
