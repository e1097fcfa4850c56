"""The predictor study: how well predictors rank what they have not seen, and what that costs."""
