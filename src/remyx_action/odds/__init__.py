"""How often a bar is right and wrong: before a run (power), beside it (noise), after it (backtest)."""
