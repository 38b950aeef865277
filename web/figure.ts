// What a picture is made of: the scene draws figures, and asks nobody where they come from.

/** A player as it is drawn in one frame. */
export interface Figure {
  /** The session id. It makes the look. */
  id: string;
  name: string;
  /** Where the middle of its body is, in units, and not always in whole ones. */
  x: number;
  y: number;
  /** 1 left, 2 right, 3 up, 4 down. */
  facing: number;
  /** Whether the camera goes with it. */
  own: boolean;
  /** Drawn as one can see through it, and without a name: where the server has somebody who is drawn elsewhere. */
  ghost?: true;
}
