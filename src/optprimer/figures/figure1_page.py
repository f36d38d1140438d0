"""Figure 1 to turn by hand: one self-contained page, whose panels turn together."""

import html
import math
from pathlib import Path

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from matplotlib.colors import Normalize, to_hex
from numpy.typing import NDArray
from plotly.subplots import make_subplots

from optprimer.figures import style
from optprimer.figures.figure1 import FLOOR, VIEW, facts, panels, titles
from optprimer.figures.grids import CAP, height_limits, largest, ticks_of
from optprimer.figures.provenance import Provenance
from optprimer.figures.relief import BOX, LID, Mesh, mesh
from optprimer.files import write_text

_MARGIN = 0.03  # of the heights: a surface in the very limit of its box flickers
_DISTANCE, _CENTRE = 2.25, -0.1  # of the eye, and the height it looks at, in sides of the box


def camera() -> dict[str, dict[str, float]]:
    """Return the view of ``figure1`` as plotly's camera."""
    elevation, azimuth = math.radians(VIEW["elev"]), math.radians(VIEW["azim"])
    away = _DISTANCE * math.cos(elevation)
    eye = {"x": away * math.cos(azimuth), "y": away * math.sin(azimuth), "z": _CENTRE + _DISTANCE * math.sin(elevation)}
    return {"eye": eye, "center": {"x": 0, "y": 0, "z": _CENTRE}}


# Turning one scene turns the others; `busy` keeps the echo of a relayout from starting another.
TURN_TOGETHER = """
const plot = document.getElementById('{plot_id}');
const scenes = Object.keys(plot.layout).filter(key => key.startsWith('scene'));
let busy = false;
function follow(event) {
  if (busy) return;
  const key = Object.keys(event).find(key => key.endsWith('.camera'));
  if (!key) return;
  const update = {};
  for (const scene of scenes) if (scene + '.camera' !== key) update[scene + '.camera'] = event[key];
  busy = true;
  Plotly.relayout(plot, update).then(() => { busy = false; });
}
plot.on('plotly_relayouting', follow);
plot.on('plotly_relayout', follow);
// A telephone held upright shows the panels one above the other, their titles in three lines.
if (window.innerWidth < 640 && scenes.length > 1) {
  const rows = scenes.length, update = {height: 340 * rows};
  scenes.forEach((scene, i) => {
    const top = 1 - i / rows, bottom = 1 - (i + 1) / rows;
    update[scene + '.domain'] = {x: [0, 1], y: [bottom, top - 0.17 / rows]};
    update['annotations[' + i + '].x'] = 0.5;
    update['annotations[' + i + '].y'] = top - 0.17 / rows;
    update['annotations[' + i + '].text'] = plot.layout.annotations[i].text.replace(', training', ',<br>training');
    update['annotations[' + i + '].font.size'] = 13;
  });
  plot.parentElement.style.height = update.height + 'px';
  Plotly.relayout(plot, update);
}
"""

PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="description" content="{provenance}">
<title>Loss landscapes: {names}</title>
<link rel="icon" href="data:,">
<style>body {{ margin: 0 auto; max-width: 80rem; padding: 1rem; font: 16px/1.5 system-ui, sans-serif; color: #222;
  background: #fff }}
h1 {{ font-size: 1.3rem; margin: 0 0 .3rem }} p {{ margin: .3rem 0; font-size: .9rem; color: #444 }}
html {{ color-scheme: light }}</style>
</head>
<body>
<h1>Loss landscapes: {names}</h1>
<p>Drag to turn all panels together, scroll to zoom, point at a surface to read its loss and accuracy.</p>
<noscript><p>This page draws with JavaScript; the same figure is beside it as PNG, PDF and SVG.</p></noscript>
{plot}
<p>{facts}</p>
</body>
</html>
"""


def page(
    surface: pd.DataFrame, history: pd.DataFrame | None = None, *, path: Path, provenance: Provenance, cap: float = CAP
) -> None:
    """Write the surfaces of ``figure1`` as a page that needs no network: equal tables give equal bytes.

    Raises:
        UserError: the table has no surface along filter-normalised directions.
    """
    rows = largest(surface, "filter")
    grids = panels(rows)
    scale = height_limits([each.loss for each in grids], cap)
    headings = [titles(each, history) for each in grids]
    figure = make_subplots(
        rows=1,
        cols=len(grids),
        specs=[[{"type": "surface"}] * len(grids)],
        subplot_titles=[f"<b>{name}</b><br>{result}" for name, result in headings],
        horizontal_spacing=0.02,
    )
    heights, losses = ticks_of(scale, cap)
    marks = {"tickvals": heights, "ticktext": losses}
    for column, each in enumerate(grids, start=1):
        net = mesh(each, scale, cap)
        figure.add_trace(_sheet(net, net.surface), row=1, col=column)
        if net.lid.any():
            figure.add_trace(
                _sheet(net, net.lid).update(vertexcolor=None, color=to_hex(LID), opacity=LID[3]), row=1, col=column
            )
    bar = {"title": {"text": "loss"}, "len": 0.6, "thickness": 14, "outlinewidth": 0, **marks}
    figure.add_trace(_scale(scale, bar), row=1, col=len(grids))
    margin = _MARGIN * (scale.vmax - scale.vmin)
    tall = BOX[2] * (1 + 2 * _MARGIN) / (1 + FLOOR)  # as tall as in ``figure1``, whose box reaches down to the floor
    figure.update_scenes(
        xaxis_title="α",
        yaxis_title="β",
        zaxis={"title": "loss", "range": [scale.vmin - margin, scale.vmax + margin], **marks},
        aspectratio={"x": BOX[0], "y": BOX[1], "z": tall},
        camera=camera(),
    )
    figure.update_layout(height=560, margin={"l": 0, "r": 0, "t": 60, "b": 0}, font={"family": "system-ui, sans-serif"})
    plot = figure.to_html(
        full_html=False,
        include_plotlyjs=True,
        div_id="landscape",
        post_script=TURN_TOGETHER,
        config={"responsive": True, "displayModeBar": False},
    )
    page = PAGE.format(
        provenance=html.escape(provenance.text()),
        names=html.escape(" and ".join(name for name, _ in headings)),
        plot=plot,
        facts=html.escape(" · ".join(style.origin(provenance, *facts(rows, grids, history, cap)))),
    )
    write_text(path, page)


def _sheet(net: Mesh, facets: NDArray[np.bool_]) -> go.Mesh3d:
    """Return the ``facets`` of ``net``, each as two triangles, in the light that ``net`` has already."""
    numbers = np.arange(net.loss.size).reshape(net.loss.shape)
    corners = [corner[facets] for corner in (numbers[:-1, :-1], numbers[:-1, 1:], numbers[1:, 1:], numbers[1:, :-1])]
    used, places = np.unique(corners, return_inverse=True)
    first, second, third, fourth = places.reshape(4, -1).astype(np.int32)
    # Single precision halves the page, and no screen shows more.
    x, y, z, loss, accuracy = (each.ravel()[used].astype(np.float32) for each in (*net.at, net.loss, net.accuracy))
    return go.Mesh3d(
        x=x,
        y=y,
        z=z,
        i=np.concatenate([first, first]),
        j=np.concatenate([second, third]),
        k=np.concatenate([third, fourth]),
        vertexcolor=[to_hex(colour) for colour in net.colours.reshape(-1, 3)[used]],
        customdata=np.stack([loss, accuracy], axis=-1),
        hovertemplate="α %{x:.2f}, β %{y:.2f}<br>loss %{customdata[0]:.4g}<br>accuracy %{customdata[1]:.1%}<extra></extra>",
        lighting={"ambient": 1, "diffuse": 0, "specular": 0, "fresnel": 0},
    )


def _scale(scale: Normalize, bar: dict) -> go.Scatter3d:
    """Return a trace without points that carries the colour bar."""
    marker = {"color": [scale.vmin], "cmin": scale.vmin, "cmax": scale.vmax, "colorscale": style.LOSS_MAP, "colorbar": bar}
    return go.Scatter3d(x=[None], y=[None], z=[None], mode="markers", marker=marker, showlegend=False, hoverinfo="skip")
