"""What maintainers and auditors look at: figures about rounds, votes, controls and flags."""
