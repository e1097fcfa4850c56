"""Networks: operations, cells and skeletons, their data, recipes and training. The one room that needs PyTorch.

Skeletons, recipes and parameter counts are plain data and NumPy: importing them does not import torch.
"""
