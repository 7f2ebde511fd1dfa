"""Where a network looks: the stride of every layer, and the field of pixels that one place of it sees."""

from __future__ import annotations


def field_of(backbone, name: str) -> int:
    """Side in pixels of what one place of a layer sees; 0 where that is not known, or everything.

    Args:
        backbone: from `load_backbone`.
        name: of a layer.
    """
    if hasattr(backbone, "first"):  # a pair
        other = name.startswith("other/")
        backbone, name = (backbone.second, name.removeprefix("other/")) if other else (backbone.first, name)
    model = getattr(backbone, "model", None)
    grid = grids_of(model).get(backbone.layer_name(name)) if model is not None else None
    return max(seen for _, seen in grid) if grid else 0


def ways_of(model) -> dict[str, list[str]]:
    """`{layer: the layers that feed it}`, in the order of the computation; empty for what is no Keras graph."""
    import keras

    if not isinstance(model, keras.Model) or not hasattr(model, "_nodes_by_depth"):
        return {}
    ways = {}
    for operation in model.operations:
        nodes = operation._inbound_nodes
        tensors = nodes[0].input_tensors if nodes else []
        ways[operation.name] = [t._keras_history.operation.name for t in tensors]
    return ways


def grids_of(model) -> dict:
    """`{layer: ((jump, field), (jump, field))}` along rows and columns, by walking the graph from its input.

    A kernel of k places, d apart, widens what is seen by (k - 1) d jumps; a stride multiplies the jump. Where ways
    meet, the widest one counts. What is not known to keep to its places ends the walk.
    """
    import keras

    grids: dict[str, tuple | None] = {}
    for name, sources in ways_of(model).items():
        layer = model.get_layer(name)
        if isinstance(layer, keras.layers.InputLayer):
            grids[name] = ((1.0, 1), (1.0, 1))
            continue
        before = [grids.get(source) for source in sources]
        if not before or None in before:
            grids[name] = None
            continue
        meeting = tuple(
            (max(grid[axis][0] for grid in before), max(grid[axis][1] for grid in before)) for axis in (0, 1)
        )
        grids[name] = _widened(layer, meeting)
    return grids


def _widened(layer, grid):
    """The grid behind a layer, or None if it looks at everything, or nobody knows where."""
    import keras

    kinds = keras.layers
    convolutions = (kinds.Conv2D, kinds.DepthwiseConv2D, kinds.SeparableConv2D)
    if isinstance(layer, kinds.Conv2DTranspose):
        return None
    if isinstance(layer, convolutions):
        kernel, strides, dilation = layer.kernel_size, layer.strides, layer.dilation_rate
    elif isinstance(layer, (kinds.MaxPooling2D, kinds.AveragePooling2D)):
        kernel, strides, dilation = layer.pool_size, layer.strides, (1, 1)
    elif isinstance(layer, kinds.UpSampling2D):
        return tuple((jump / factor, seen) for (jump, seen), factor in zip(grid, layer.size))
    elif isinstance(layer, (kinds.Dense, kinds.GlobalAveragePooling2D, kinds.GlobalMaxPooling2D, kinds.Flatten)):
        return None
    elif isinstance(layer, (kinds.Reshape, kinds.MultiHeadAttention, kinds.GroupNormalization, keras.Model)):
        return None
    else:
        return grid
    return tuple(
        (jump * step, round(seen + (size - 1) * apart * jump))
        for (jump, seen), size, step, apart in zip(grid, kernel, strides, dilation)
    )
