"""Train the network of mynet.py on scikit-learn's digits; write weights.safetensors and digits.npz to the working directory.

Nothing here knows optprimer: it stands for whatever trained your network. What matters is what it leaves behind.
"""

import numpy as np
import torch
from mynet import digit_cnn
from safetensors.torch import save_file
from sklearn.datasets import load_digits
from torch.nn import functional

EPOCHS, BATCH = 15, 64

digits = load_digits()
images = np.rint(digits.images * 255 / 16).astype(np.uint8)[..., np.newaxis]  # (N, H, W, C), one channel
labels = digits.target.astype(np.int64)
mean, std = (images / 255).mean((0, 1, 2)), (images / 255).std((0, 1, 2))
np.savez("digits.npz", images=images, labels=labels, mean=mean, std=std)

torch.manual_seed(0)
network = digit_cnn()
x = torch.from_numpy((images / 255 - mean) / std).float().permute(0, 3, 1, 2)
y = torch.from_numpy(labels)
optimizer = torch.optim.SGD(network.parameters(), lr=0.05, momentum=0.9)
for _ in range(EPOCHS):
    for batch in torch.randperm(len(y)).split(BATCH):
        optimizer.zero_grad()
        functional.cross_entropy(network(x[batch]), y[batch]).backward()
        optimizer.step()

network.eval()
with torch.inference_mode():
    logits = network(x)
    accuracy = (logits.argmax(1) == y).double().mean()
    print(f"training loss {functional.cross_entropy(logits, y):.4f}, accuracy {accuracy:.1%}")
save_file(network.state_dict(), "weights.safetensors")
