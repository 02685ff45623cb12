"""What the card says of uses: which are meant, the lines that train, and which are not.

Rules that always hold (pure):
- the lines that train stand here once; tests run them as the card prints them.
"""

from __future__ import annotations

from curation.releases.facts import CardFacts

TRAINING_SNIPPET = """from datasets import load_dataset
from trl import DPOConfig, DPOTrainer, SFTConfig, SFTTrainer

rows = load_dataset(release, "sft", split="train")
config = SFTConfig(output_dir="sft", max_steps=2)
SFTTrainer(model=model, args=config, train_dataset=rows, processing_class=tokenizer).train()

pairs = load_dataset(release, "preference", split="train")
config = DPOConfig(output_dir="dpo", max_steps=2)
DPOTrainer(model=model, args=config, train_dataset=pairs, processing_class=tokenizer).train()"""
"""Run by tests/releases/test_training.py as it stands here."""


def say_uses(facts: CardFacts) -> str:
    """The section «Uses», without its heading."""
    simulated = (
        " This release is simulated: use it to try tools, never as training data or as evidence of what anybody thinks."
        if facts.terms.simulated
        else ""
    )
    return f"""### Direct Use

`sft` and `preference` train as they are: their columns are those that TRL looks for.{simulated} From disk, with
`release` the absolute path of this folder, or on the Hub with the repository's name and `revision="v{facts.version}"`:

```python
{TRAINING_SNIPPET}
```

`evenhand release pluralistic FOLDER` writes the config `pluralistic` as conversations, in the voice of each
position or with the answer that integrates them.

### Out-of-Scope Use

- As a source of facts on any of the topics; cite the sources instead (config `sources`).
- As a sample of opinion: who takes part is self-chosen, and perspectives are declared.
- Training on `rejected` of a preference pair as if it were an answer, or on `prompts` whose `use` is `evaluation`.
- Finding out who contributors are."""
