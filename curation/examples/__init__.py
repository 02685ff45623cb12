"""Examples: propose, revise, withdraw, flag."""
