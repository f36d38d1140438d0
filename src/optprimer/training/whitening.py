"""Each image on a scale of its own."""

from torch import Tensor


def whitened(images: Tensor) -> Tensor:
    """Subtract from each image its mean and divide by its standard deviation, both over all pixels and channels together.

    TensorFlow's ``per_image_whitening``, which the paper uses (appendix A): (x - mean) / max(std, 1/sqrt(N)) with the biased
    std of the N values of an image. Where all values are equal, they become 0.

    Args:
        images: floating, scaled to [0, 1], one image per index of the first dimension, in any layout. Shift images before: a
            border of zeros would be grey after.
    """
    within = tuple(range(1, images.ndim))
    floor = images[0].numel() ** -0.5
    std = images.std(within, unbiased=False, keepdim=True).clamp_min(floor)
    return (images - images.mean(within, keepdim=True)) / std
