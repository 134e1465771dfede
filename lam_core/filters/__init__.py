"""Filter attribution: which convolution filters of a fine-tuned network undo which degradation.

Xie, Wang, Dong, Qi and Shan, "Finding Discriminative Filters for Specific Degradations in Blind Super-Resolution",
NeurIPS 2021 (FAIG): the gradient of a restoration loss, integrated along the straight line from the weights of a
baseline network to those of a target network that was fine-tuned from it.

`attribution.attribute_filters` is the verb; importing this package loads nothing.
"""
