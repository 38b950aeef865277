// The input of the scene: the figures to draw, which come from a session or from a replay.

/** A player as it is drawn in one frame. */
export interface Figure {
  /** The session id. */
  id: string;
  name: string;
  /** Number of the look (jacket and hair), as in the player's state. */
  look: number;
  /** The centre of the body, in units, with fractions. */
  x: number;
  y: number;
  /** The direction of the player: 1 left, 2 right, 3 up, 4 down. */
  facing: number;
  /** Whether the camera follows this player. The followed player is marked by a ring. */
  own: boolean;
  /** Set if this is a ghost: a translucent figure that shows where the user's player is on the server. */
  ghost?: true;
}
