// A map with nearly all features of Tiled. It is an object of the same form as in Tiled's JSON files.

/** An object of a JSON file. */
export type Json = { [key: string]: unknown };

const FLIPPED_HORIZONTALLY = 0x80000000;
const FLIPPED_VERTICALLY = 0x40000000;
const FLIPPED_DIAGONALLY = 0x20000000;
const ROTATED_HEXAGONAL_120 = 0x10000000;

const property = (name: string, type: string, value: unknown): Json => ({ name, type, value });

/** The files that the map names, except `gone.tsx`, which does not exist. */
export const TOWN_FILES: Readonly<Record<string, Json>> = {
  "sets/trees.tsj": {
    type: "tileset",
    name: "trees",
    tilewidth: 32,
    tileheight: 48,
    tilecount: 2,
    columns: 0,
    objectalignment: "bottom",
    tiles: [
      { id: 0, type: "oak", image: "../images/oak.png", imagewidth: 32, imageheight: 48 },
      // The ids have a gap, because a tile was removed.
      { id: 5, image: "pine.png", imagewidth: 64, imageheight: 64, x: 32, y: 16, width: 32, height: 48 },
    ],
  },
  "templates/chest.tj": {
    type: "template",
    tileset: { firstgid: 1, source: "../sets/trees.tsj" },
    object: {
      name: "chest",
      type: "container",
      gid: FLIPPED_HORIZONTALLY + 6,
      width: 32,
      height: 48,
      rotation: 0,
      visible: true,
      properties: [property("gold", "int", 10), property("locked", "bool", false)],
    },
  },
};

/** The map. It is 4 x 3 tiles of 16 x 16 pixels. */
export const TOWN: Json = {
  type: "map",
  version: "1.10",
  tiledversion: "1.12.0",
  class: "village",
  orientation: "orthogonal",
  renderorder: "left-up",
  infinite: false,
  width: 4,
  height: 3,
  tilewidth: 16,
  tileheight: 16,
  backgroundcolor: "#80ff0033",
  parallaxoriginx: 8,
  properties: [
    property("이름", "string", "사방 <&> \"'"),
    property("lines", "string", "one\ntwo"),
    property("open", "bool", true),
    property("closed", "string", "true"),
    property("depth", "int", -3),
    property("wind", "float", 0.5),
    property("sky", "color", "#ff336699"),
    property("music", "file", "theme.ogg"),
    property("door", "object", 7),
    property("owner", "class", { name: "Ana", age: 40, house: { rooms: 2.5 } }),
    property("prices", "list", [
      { type: "int", value: 1 },
      { type: "list", value: [{ type: "string", value: "two" }] },
    ]),
  ],
  tilesets: [
    {
      firstgid: 1,
      name: "ground",
      class: "terrain",
      tilewidth: 16,
      tileheight: 16,
      margin: 2,
      spacing: 1,
      columns: 4,
      tilecount: 8,
      image: "images/ground.png",
      imagewidth: 71,
      imageheight: 37,
      transparentcolor: "#ff00ff",
      tileoffset: { x: 1, y: -2 },
      tilerendersize: "grid",
      fillmode: "preserve-aspect-fit",
      properties: [property("season", "string", "autumn")],
      tiles: [
        { id: 1, type: "wall", properties: [property("collides", "bool", true)] },
        {
          id: 2,
          animation: [
            { tileid: 2, duration: 100 },
            { tileid: 3, duration: 250 },
          ],
        },
        {
          id: 3,
          objectgroup: {
            type: "objectgroup",
            draworder: "index",
            objects: [{ id: 1, name: "", type: "", x: 2, y: 3, width: 4, height: 5, rotation: 0, visible: true }],
          },
        },
      ],
    },
    { firstgid: 9, source: "sets/trees.tsj" },
    { firstgid: 100, source: "gone.tsx" },
  ],
  layers: [
    {
      type: "tilelayer",
      id: 1,
      name: "바닥",
      width: 4,
      height: 3,
      data: [
        ...[1, 2, 3, 0],
        ...[FLIPPED_HORIZONTALLY + 1, FLIPPED_VERTICALLY + 2, FLIPPED_DIAGONALLY + 3, ROTATED_HEXAGONAL_120 + 4],
        ...[0xf0000008, 9, 14, 120],
      ],
      opacity: 1,
      visible: true,
    },
    {
      type: "group",
      id: 2,
      name: "House",
      class: "building",
      offsetx: 8,
      offsety: -4,
      opacity: 0.5,
      visible: false,
      tintcolor: "#ff8000",
      parallaxx: 0.5,
      properties: [property("floor", "int", 1)],
      layers: [
        {
          type: "tilelayer",
          id: 3,
          name: "Walls",
          width: 4,
          height: 3,
          data: [2, 2, 2, 2, 0, 0, 0, 0, 2, 2, 2, 2],
          offsetx: 1,
          offsety: 1,
          opacity: 0.5,
          visible: true,
          tintcolor: "#800000ff",
          properties: [property("collides", "bool", false)],
        },
        { type: "objectgroup", id: 4, name: "Walls", draworder: "index", opacity: 1, visible: true, objects: [] },
      ],
    },
    {
      type: "imagelayer",
      id: 5,
      name: "Sky",
      image: "images/sky.png",
      imagewidth: 320,
      imageheight: 200,
      offsetx: 3,
      repeatx: true,
      opacity: 1,
      visible: true,
    },
    {
      type: "objectgroup",
      id: 6,
      name: "Things",
      opacity: 1,
      visible: true,
      objects: [
        { id: 1, name: "door", type: "portal", x: 16, y: 8, width: 16, height: 4.5, rotation: 45, visible: true },
        { id: 2, name: "", type: "", x: 1, y: 2, width: 10, height: 20, ellipse: true, rotation: 0, visible: false },
        { id: 3, name: "", type: "", x: 1, y: 2, width: 10, height: 20, capsule: true, rotation: 0, opacity: 0.25 },
        { id: 4, name: "시작", type: "spawn", x: 24, y: 24, width: 0, height: 0, point: true },
        {
          id: 5,
          name: "",
          type: "",
          x: 0,
          y: 16,
          polygon: [
            { x: 0, y: 0 },
            { x: 8.5, y: -4 },
            { x: 8, y: 8 },
          ],
        },
        {
          id: 6,
          name: "",
          type: "",
          x: 4,
          y: 4,
          polyline: [
            { x: 0, y: 0 },
            { x: -12, y: 6 },
          ],
        },
        { id: 7, name: "pine", type: "", x: 8, y: 48, width: 32, height: 48, gid: FLIPPED_HORIZONTALLY + 14 },
        {
          id: 8,
          name: "",
          type: "",
          x: 0,
          y: 0,
          width: 40,
          height: 20,
          text: {
            text: "Hello,\n마을",
            fontfamily: "serif",
            pixelsize: 12,
            color: "#ff0000",
            wrap: true,
            bold: true,
            halign: "center",
          },
        },
        { id: 9, template: "templates/chest.tj", x: 32, y: 32, properties: [property("gold", "int", 99)] },
      ],
    },
  ],
};
