// The parts of Phaser that the scene uses. The build replaces the package `phaser` by this file, because the complete
// package is twice as large. Each import registers its classes with Phaser, as in Phaser's own custom builds.

// This import must come first. The files of Phaser import each other in circles, which works only if renderer/index.js
// is loaded first.
import "../node_modules/phaser/src/renderer/index.js";

import "../node_modules/phaser/src/cameras/2d/CameraManager.js";
import "../node_modules/phaser/src/events/EventEmitter.js";
import "../node_modules/phaser/src/gameobjects/DisplayList.js";
import "../node_modules/phaser/src/gameobjects/GameObjectCreator.js";
import "../node_modules/phaser/src/gameobjects/GameObjectFactory.js";
import "../node_modules/phaser/src/gameobjects/UpdateList.js";
import "../node_modules/phaser/src/gameobjects/blitter/BlitterFactory.js";
import "../node_modules/phaser/src/gameobjects/image/ImageFactory.js";
import "../node_modules/phaser/src/gameobjects/shape/ellipse/EllipseFactory.js";
import "../node_modules/phaser/src/gameobjects/text/TextFactory.js";
import "../node_modules/phaser/src/scene/ScenePlugin.js";

import constants from "../node_modules/phaser/src/const.js";
import Game from "../node_modules/phaser/src/core/Game.js";
import Scale from "../node_modules/phaser/src/scale/index.js";
import Scene from "../node_modules/phaser/src/scene/Scene.js";
import FilterMode from "../node_modules/phaser/src/textures/const.js";

export default { ...constants, Game, Scale, Scene, Textures: { FilterMode } };
