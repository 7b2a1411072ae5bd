"""Figures that the reader moves, computed in the browser.

The same object lives on the website (no kernel), in JupyterLab and in Colab.

The next widget takes three files:

1. `name.js`: pure functions, exported, then `function render({ model, el })`
   that builds with what `shared.js` offers (`panel`, `slider`, `button`,
   `legend`, `svg`, `onFrame`, `spoken`, `mulberry32`) and returns a function
   that cleans up; last line `export default { render };`. It may import from
   the files that widgets share (`shared.js`, `surfaces.js`, `tokens.js`)
   only, in the form `import { a, b } from "./shared.js";`, and its top-level
   names must differ from theirs.
2. `name.py`: a `BookWidget` with `_esm = bundle("name")`, its traits marked
   `synced(...)`, a `summary()` of a few words, a check of what it is given,
   and the Python twins of the pure functions.
3. In `shared.css` what it needs, classes beginning with `lm-`, colours only
   from the variables there.

Then in `tests/test_widgets.py` a comparison of the twins, and in
`tests/widget_drags.py` a function that drags it.

Chapter: book/1-language-models/1-counting.ipynb
"""

from companion.widgets.attention_explorer import AttentionExplorer
from companion.widgets.autograd_graph import AutogradGraph
from companion.widgets.bpe_stepper import BPEStepper
from companion.widgets.budget_calculator import BudgetCalculator
from companion.widgets.four_tokenizers import FourTokenizers
from companion.widgets.gradient_descent import GradientDescent
from companion.widgets.hyperparameter_explorer import HyperparameterExplorer
from companion.widgets.markov_chain import MarkovChain
from companion.widgets.ngram_writer import NGramWriter
from companion.widgets.optimizer_race import OptimizerRace
from companion.widgets.positional_encodings import PositionalEncodings
from companion.widgets.schedule_designer import ScheduleDesigner
from companion.widgets.two_distributions import TwoDistributions

__all__ = [
    "AttentionExplorer",
    "AutogradGraph",
    "BPEStepper",
    "BudgetCalculator",
    "FourTokenizers",
    "GradientDescent",
    "HyperparameterExplorer",
    "MarkovChain",
    "NGramWriter",
    "OptimizerRace",
    "PositionalEncodings",
    "ScheduleDesigner",
    "TwoDistributions",
]
