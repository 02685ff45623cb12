"""The dataset definition, its topics, positions and policies, and which of them is in force when."""
