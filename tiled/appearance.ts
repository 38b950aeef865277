import { multiply, WHITE } from "./color.ts";
import type { Fields } from "./fields.ts";
import type { Appearance } from "./model.ts";

/** The default appearance: a visible, opaque layer without tint, offset or parallax. */
export const PLAIN: Appearance = {
  visible: true,
  opacity: 1,
  tint: WHITE,
  offset: { x: 0, y: 0 },
  parallax: { x: 1, y: 1 },
};

/** Returns a layer's own appearance, without the settings of the groups that contain the layer. */
export function readAppearance(layer: Fields): Appearance {
  return {
    visible: layer.flag("visible", true),
    opacity: layer.number("opacity", 1),
    tint: layer.color("tintcolor") ?? WHITE,
    offset: { x: layer.number("offsetx", 0), y: layer.number("offsety", 0) },
    parallax: { x: layer.number("parallaxx", 1), y: layer.number("parallaxy", 1) },
  };
}

/** Combines the appearance of a group with that of a layer in it. */
export function combine(group: Appearance, layer: Appearance): Appearance {
  return {
    visible: group.visible && layer.visible,
    opacity: group.opacity * layer.opacity,
    tint: multiply(group.tint, layer.tint),
    offset: { x: group.offset.x + layer.offset.x, y: group.offset.y + layer.offset.y },
    parallax: { x: group.parallax.x * layer.parallax.x, y: group.parallax.y * layer.parallax.y },
  };
}
