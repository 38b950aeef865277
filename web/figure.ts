// The input of the scene: the figures to draw, which come from a session or from a replay.

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
  /** Whether the camera follows this player, who is marked by a ring. */
  own: boolean;
  /** Set if this is a ghost: a translucent figure that shows the own player's position on the server. */
  ghost?: true;
}
