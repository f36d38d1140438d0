"""The accuracies on CIFAR-10 that Zhang et al. 2017 print ("Understanding deep learning requires rethinking generalization").

Source: arXiv 1611.03530, table 1 (training and test accuracy, true and random labels) and table 4 in appendix E (training
accuracy on random labels with a regularizer on). They are of another scale than ours: all 50,000 training images, cropped to
28x28 pixels, and networks of 1.2 to 1.7 million parameters; they come without intervals. So they show which way a comparison
goes, and are no values to reproduce.

Two results of table 4 are not here. AlexNet with weight decay "failed to converge" on random labels, which is no number (the
other three networks fit). Inception with flips and rotations by up to 25 degrees reaches .9928 on them, by a regularizer that
we do not have. Nor did the MLP with one hidden layer fit random labels entirely, even without a regularizer: .9934.
"""

import math
from dataclasses import dataclass


@dataclass(frozen=True)
class Published:
    """Printed accuracies, in [0, 1]; ``test`` is NaN where only ``train`` is printed. Names are those of our tables."""

    network: str
    labels: str
    regularizer: str
    train: float
    test: float


PUBLISHED = (
    Published("inception", "true_labels", "crop_weight_decay", 1.0, 0.8905),
    Published("inception", "true_labels", "crop", 1.0, 0.8931),
    Published("inception", "true_labels", "weight_decay", 1.0, 0.8603),
    Published("inception", "true_labels", "none", 1.0, 0.8575),
    Published("inception", "random_labels", "none", 1.0, 0.0978),
    Published("inception_no_bn", "true_labels", "weight_decay", 1.0, 0.83),
    Published("inception_no_bn", "true_labels", "none", 1.0, 0.82),
    Published("inception_no_bn", "random_labels", "none", 1.0, 0.1012),
    Published("alexnet", "true_labels", "crop_weight_decay", 0.999, 0.8122),
    Published("alexnet", "true_labels", "crop", 0.9982, 0.7966),
    Published("alexnet", "true_labels", "weight_decay", 1.0, 0.7736),
    Published("alexnet", "true_labels", "none", 1.0, 0.7607),
    Published("alexnet", "random_labels", "none", 0.9982, 0.0986),
    Published("mlp_3x512", "true_labels", "weight_decay", 1.0, 0.5335),
    Published("mlp_3x512", "true_labels", "none", 1.0, 0.5239),
    Published("mlp_3x512", "random_labels", "none", 1.0, 0.1048),
    Published("mlp_1x512", "true_labels", "weight_decay", 0.998, 0.5039),
    Published("mlp_1x512", "true_labels", "none", 1.0, 0.5051),
    Published("mlp_1x512", "random_labels", "none", 0.9934, 0.1061),
    # Table 4.
    Published("inception", "random_labels", "weight_decay", 1.0, math.nan),
    Published("mlp_3x512", "random_labels", "weight_decay", 1.0, math.nan),
    Published("mlp_1x512", "random_labels", "weight_decay", 0.9921, math.nan),
    Published("inception", "random_labels", "crop", 0.9993, math.nan),
)
