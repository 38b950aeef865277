// A Tiled map as the reader returns it: the same for every file format, encoding and version of Tiled. Places and sizes
// are in pixels of the map, unless stated otherwise. (0, 0) is the upper left corner of the map's first tile.

/** A place, an offset or a pair of factors. */
export interface Point {
  readonly x: number;
  readonly y: number;
}

/** A color; each part is from 0 to 1. */
export interface Color {
  readonly red: number;
  readonly green: number;
  readonly blue: number;
  readonly alpha: number;
}

/** A custom property. Tiled's types `color` and `file` have strings as values, and `object` has the object's id. */
export type Property =
  | { readonly type: "string" | "color" | "file"; readonly value: string }
  | { readonly type: "int" | "float" | "object"; readonly value: number }
  | { readonly type: "bool"; readonly value: boolean }
  | { readonly type: "class"; readonly value: Properties }
  | { readonly type: "list"; readonly value: readonly Property[] };

/** Custom properties by name. */
export type Properties = ReadonlyMap<string, Property>;

/** A map. */
export interface TiledMap {
  readonly class: string;
  readonly orientation: Orientation;
  /** The order in which tiles of one layer are drawn. */
  readonly renderOrder: "right-down" | "right-up" | "left-down" | "left-up";
  /** The size in tiles. For an infinite map, it is the size of the area that the chunks of all layers cover. */
  readonly width: number;
  readonly height: number;
  readonly tileWidth: number;
  readonly tileHeight: number;
  /**
   * The first tile's coordinates in the file, in tiles. They may be negative if the map is infinite, and are (0, 0) on
   * other maps. The reader has already subtracted them from all places.
   */
  readonly origin: Point;
  readonly backgroundColor: Color | undefined;
  readonly parallaxOrigin: Point;
  readonly properties: Properties;
  /** The layers, from the lowest to the highest. */
  readonly layers: readonly Layer[];
  /** The tilesets, in ascending order of `firstGid`. */
  readonly tilesets: readonly Tileset[];
  /** The tileset and template files that were read: paths relative to the map's folder. */
  readonly files: readonly string[];
  /** Sentences about parts that are missing or make no sense. The map can be used without these parts. */
  readonly warnings: readonly string[];
}

/** The arrangement of the tiles. */
export type Orientation = "orthogonal" | "isometric" | "staggered" | "hexagonal" | "oblique";

/** A layer of any type. */
export type Layer = GroupLayer | TileLayer | ObjectLayer | ImageLayer;

/** The appearance of a layer. */
export interface Appearance {
  readonly visible: boolean;
  /** From 0 to 1. */
  readonly opacity: number;
  /** The color with which the layer's pixels are multiplied. White has no effect. */
  readonly tint: Color;
  /** The distance by which the layer is moved from its place when it is drawn. */
  readonly offset: Point;
  /** How far the layer moves when the camera moves by one pixel. */
  readonly parallax: Point;
}

interface LayerBase {
  /** Unique within the map; 0 before Tiled 1.2. */
  readonly id: number;
  /** The layer's name. Several layers can have the same name. */
  readonly name: string;
  /** The names of the groups that contain the layer, and its own name, separated by `/`. */
  readonly path: string;
  readonly class: string;
  readonly properties: Properties;
  /** The layer's own settings. */
  readonly own: Appearance;
  /** The layer's settings combined with those of the groups that contain it. */
  readonly effective: Appearance;
}

/** A group of layers. */
interface GroupLayer extends LayerBase {
  readonly type: "group";
  /** The layers of the group, from the lowest to the highest. */
  readonly layers: readonly Layer[];
}

/** A layer of tiles. */
export interface TileLayer extends LayerBase {
  readonly type: "tile";
  /**
   * The global tile ids with their flags (see gid.ts), row by row. 0 is an empty cell. Every tile layer has the size of
   * the map: `width * height` cells.
   */
  readonly gids: Uint32Array;
}

/** A layer of objects. */
export interface ObjectLayer extends LayerBase {
  readonly type: "object";
  /** Whether objects are drawn in the order of their `y`, and not in the order of the list. */
  readonly sortedByY: boolean;
  readonly objects: readonly MapObject[];
}

/** A layer that shows one image. */
export interface ImageLayer extends LayerBase {
  readonly type: "image";
  readonly image: Image | undefined;
  /** The place of the image, before the layer's offset is added. */
  readonly x: number;
  readonly y: number;
  readonly repeatX: boolean;
  readonly repeatY: boolean;
}

/** An object, or a collision shape of a tile. */
export interface MapObject {
  /** Unique within the map; 0 before Tiled 0.11. */
  readonly id: number;
  readonly name: string;
  readonly class: string;
  readonly shape: Shape;
  /**
   * The upper left corner of most shapes, and the place of a point. For a polygon and a polyline, it is the place to
   * which `points` are relative. For a tile, it is the lower left corner, unless the tileset's `objectAlignment` says
   * otherwise.
   */
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  /** In degrees, clockwise around (`x`, `y`). */
  readonly rotation: number;
  readonly visible: boolean;
  readonly opacity: number;
  /** If the shape is a polygon or a polyline: its corners, relative to (`x`, `y`). Otherwise empty. */
  readonly points: readonly Point[];
  /** If the shape is a tile: its global tile id, with its flags. Otherwise 0. */
  readonly gid: number;
  /** The text of a text object. */
  readonly text: Text | undefined;
  /** The object's own properties, and those of its template. */
  readonly properties: Properties;
}

/** The shape of an object. */
export type Shape = "rectangle" | "ellipse" | "capsule" | "point" | "polygon" | "polyline" | "text" | "tile";

/** The text of a text object. */
export interface Text {
  readonly content: string;
  readonly fontFamily: string;
  readonly pixelSize: number;
  readonly color: Color;
  readonly wrap: boolean;
  readonly bold: boolean;
  readonly italic: boolean;
  readonly horizontalAlignment: "left" | "center" | "right" | "justify";
  readonly verticalAlignment: "top" | "center" | "bottom";
}

/** A tileset. */
export interface Tileset {
  /** The global tile id of the tile whose id within the tileset is 0. */
  readonly firstGid: number;
  readonly name: string;
  readonly class: string;
  /** The path of the tileset's file, relative to the map's folder; undefined if the tileset is part of the map. */
  readonly source: string | undefined;
  /** Whether the tileset's file is unavailable. If it is, the fields below have default values. */
  readonly missing: boolean;
  readonly tileWidth: number;
  readonly tileHeight: number;
  /** The number of tiles; 0 if unknown. */
  readonly tileCount: number;
  /** The number of tiles in a row of the image; 0 for a collection of images. */
  readonly columns: number;
  /** The distance of the first tile from the image's edges. */
  readonly margin: number;
  /** The gap between adjacent tiles of the image. */
  readonly spacing: number;
  /** The image with all tiles; undefined for a collection of images. */
  readonly image: Image | undefined;
  /** The offset by which all tiles of the tileset are moved when they are drawn. */
  readonly tileOffset: Point;
  readonly objectAlignment: ObjectAlignment;
  /** Whether tiles in tile layers are scaled to the size of the map's tiles. */
  readonly fitsGrid: boolean;
  /** Whether scaled tiles keep their proportions. */
  readonly keepsAspect: boolean;
  readonly properties: Properties;
  /** The tiles for which the tileset's file has details, by id. */
  readonly tiles: ReadonlyMap<number, Tile>;
}

/** Which point of a tile object is at the object's (`x`, `y`). `unspecified` is `bottomleft` on orthogonal maps. */
type ObjectAlignment =
  | "unspecified"
  | "topleft"
  | "top"
  | "topright"
  | "left"
  | "center"
  | "right"
  | "bottomleft"
  | "bottom"
  | "bottomright";

/** The details of one tile of a tileset. */
export interface Tile {
  /** The tile's id within the tileset. */
  readonly id: number;
  readonly class: string;
  readonly properties: Properties;
  /** Empty if the tile is not animated. */
  readonly animation: readonly Frame[];
  /** The collision shapes. Their places are relative to the tile's upper left corner. */
  readonly shapes: readonly MapObject[];
  /** The tile's own image in a collection of images. */
  readonly image: Image | undefined;
  /** The part of the tile's own image that shows the tile; undefined for the whole image. */
  readonly area: Area | undefined;
}

/** A rectangle. */
export interface Area extends Point {
  readonly width: number;
  readonly height: number;
}

/** A frame of an animated tile. */
export interface Frame {
  /** The id of the frame's tile, which is in the same tileset. */
  readonly tileId: number;
  /** How long the frame is shown, in milliseconds. */
  readonly duration: number;
}

/** An image file. */
export interface Image {
  /** The path relative to the map's folder. */
  readonly source: string;
  /** The size in pixels; 0 if the file does not give it. */
  readonly width: number;
  readonly height: number;
  /** The colour that is drawn as transparent. */
  readonly transparentColor: Color | undefined;
}
