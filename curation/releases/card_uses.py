"""What the card says of uses: which are meant, the lines that train, and which are not.

Rules that always hold (pure):
- the lines that train stand here once; tests run them as the card prints them, and the card says with which versions;
- what has no rows for training gets no lines: they would fail.
"""

from __future__ import annotations

from curation.releases.facts import CardFacts, DataFiles

RUN_WITH = "TRL 1.16.0 and axolotl 0.19.0"
"""What `tests/publishing/test_training.py` ran these lines with."""
_TRL = {
    "preference": (
        "DPOConfig, DPOTrainer",
        """pairs = load_dataset(release, "preference", split="train")
config = DPOConfig(output_dir="dpo", max_steps=2)
DPOTrainer(model=model, args=config, train_dataset=pairs, processing_class=tokenizer).train()""",
    ),
    "sft": (
        "SFTConfig, SFTTrainer",
        """rows = load_dataset(release, "sft", split="train")
config = SFTConfig(output_dir="sft", max_steps=2)
SFTTrainer(model=model, args=config, train_dataset=rows, processing_class=tokenizer).train()""",
    ),
}
_AXOLOTL = {
    "sft": """datasets:
  - path: RELEASE
    name: sft
    split: train
    type: chat_template
output_dir: sft""",
    # Of the datasets of `rl: dpo`, axolotl drops the name and would read the default config; so the file is named.
    "preference": """rl: dpo
datasets:
  - path: RELEASE/{file}
    split: train
    type: chat_template.default
    field_messages: prompt
output_dir: dpo""",
}
_AXOLOTL_REST = """sequence_len: 4096
micro_batch_size: 1
gradient_accumulation_steps: 1
learning_rate: 0.00002
max_steps: 2"""


def say_uses(facts: CardFacts, files: DataFiles) -> str:
    """The section «Uses», without its heading."""
    simulated = (
        " This release is simulated: use it to try tools, never as training data or as evidence of what anybody thinks."
        if facts.terms.simulated
        else ""
    )
    return f"""### Direct Use

`sft` and `preference` train as they are: their columns are those that TRL looks for.{simulated}

{_say_training(facts, files)}

`evenhand release pluralistic FOLDER --out FILE --voice positions` writes the config `pluralistic` as conversations in
the voice of each position, `--voice synthesis` with the answer that integrates them.

### Out-of-Scope Use

- As a source of facts on any of the topics; cite the sources instead (config `sources`).
- As a sample of opinion: who takes part is self-chosen, and perspectives are declared.
- Training on `rejected` of a preference pair as if it were an answer, or on `prompts` whose `use` is `evaluation`.
- Finding out who contributors are."""


def _say_training(facts: CardFacts, files: DataFiles) -> str:
    if not any((config, "train") in files for config in _TRL):
        return "This release has no rows of either in the split `train`."
    blocks = "\n\n".join(
        f"```yaml\n{_axolotl_lines(config, files)}\n```" for config in _AXOLOTL if (config, "train") in files
    )
    return f"""With TRL, `release` is the absolute path of this folder; or, on the Hub, the repository's name, with
`revision="v{facts.version}"` beside it:

```python
{_trl_lines(files)}
```

With axolotl (`axolotl train FILE`), RELEASE is the absolute path of this folder, MODEL a model with a chat template.
No column is renamed; `field_messages` says which one is the prompt.

{blocks}

These lines were run with {RUN_WITH}, on the releases of Evenhand's own tests: two steps, a tiny random model, no
accelerator (hence without half precision). That shows that the rows are read, not what a model learns from them."""


def _trl_lines(files: DataFiles) -> str:
    taken = [_TRL[config] for config in _TRL if (config, "train") in files]
    head = f"from datasets import load_dataset\nfrom trl import {', '.join(names for names, _ in taken)}"
    return "\n\n".join([head, *(lines for _, lines in reversed(taken))])


def _axolotl_lines(config: str, files: DataFiles) -> str:
    lines = _AXOLOTL[config].format(file=files[config, "train"])
    return f"base_model: MODEL\n{lines}\n{_AXOLOTL_REST}"
