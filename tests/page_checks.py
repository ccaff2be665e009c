"""What must hold of a page that people read: no text stands on another, contrast is that of AA."""

import itertools

from support import ROOT

SCREENS = ROOT / "build/screens"

# Every piece of text that can be seen: where it stands, and its colours.
PIECES = """
const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
function rgba(color) {
  canvas.clearRect(0, 0, 1, 1);
  canvas.fillStyle = color;
  canvas.fillRect(0, 0, 1, 1);
  return [...canvas.getImageData(0, 0, 1, 1).data];
}
function under(element) {
  for (let at = element; at; at = at.parentElement) {
    const color = rgba(page.getComputedStyle(at).backgroundColor);
    if (color[3] === 255) return color;
  }
  return rgba(page.getComputedStyle(doc.body).backgroundColor);
}
function clipped(rect, element) {
  const box = { left: rect.left, top: rect.top, right: rect.right, bottom: rect.bottom };
  for (let at = element; at && at !== doc.body; at = at.parentElement) {
    const style = page.getComputedStyle(at);
    if (style.overflowX === "visible" || at instanceof page.SVGElement) continue;
    const limit = at.getBoundingClientRect();
    box.left = Math.max(box.left, limit.left);
    box.right = Math.min(box.right, limit.right);
    box.top = Math.max(box.top, limit.top);
    box.bottom = Math.min(box.bottom, limit.bottom);
  }
  return box;
}
function pieces() {
  const found = [];
  const walker = doc.createTreeWalker(doc.body, 4);
  while (walker.nextNode()) {
    const node = walker.currentNode, element = node.parentElement;
    if (node.data.trim() === "") continue;
    if (["SCRIPT", "STYLE", "NOSCRIPT", "title"].includes(element.tagName)) continue;
    if (!element.checkVisibility({ visibilityProperty: true, opacityProperty: true })) continue;
    const range = doc.createRange();
    range.selectNodeContents(node);
    const style = page.getComputedStyle(element);
    const svg = element instanceof page.SVGElement;
    for (const rect of range.getClientRects()) {
      const box = clipped(rect, element);
      if (box.right - box.left < 1 || box.bottom - box.top < 1) continue;
      found.push({ text: node.data.trim().slice(0, 40), ...box,
        color: rgba(svg ? style.fill : style.color), back: under(element),
        size: parseFloat(style.fontSize), bold: Number(style.fontWeight) >= 600 });
    }
  }
  return found;
}
"""


def channel(value):
    value /= 255
    return value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4


def luminance(color):
    red, green, blue = (channel(value) for value in color[:3])
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one, other):
    lights = sorted((luminance(one), luminance(other)), reverse=True)
    return (lights[0] + 0.05) / (lights[1] + 0.05)


def touching(pieces):
    """Pairs of texts that stand on each other by more than the air of their lines."""
    for one, other in itertools.combinations(sorted(pieces, key=lambda piece: piece["top"]), 2):
        across = min(one["right"], other["right"]) - max(one["left"], other["left"])
        down = min(one["bottom"], other["bottom"]) - max(one["top"], other["top"])
        if across > 1 and down > 4:
            yield one["text"], other["text"]


def faint(pieces):
    for piece in pieces:
        large = piece["size"] >= 24 or (piece["bold"] and piece["size"] >= 18.66)
        if contrast(piece["color"], piece["back"]) < (3 if large else 4.5):
            yield piece["text"], piece["color"], piece["back"]
