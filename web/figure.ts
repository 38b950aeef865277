// The input of the scene: it draws figures, from a session or from a replay.

/** A player as it is drawn in one frame. */
export interface Figure {
  /** The session id. The look is derived from it. */
  id: string;
  name: string;
  /** The centre of the body, in units, with fractions. */
  x: number;
  y: number;
  /** 1 left, 2 right, 3 up, 4 down. */
  facing: number;
  /** Whether the camera follows it. */
  own: boolean;
  /** Drawn translucent and without a name, at the position that the server has for a player who is drawn elsewhere. */
  ghost?: true;
}
