// What the addresses of this view say beside ids.

/** In the place of an id: making a new one. */
export const NEW = "new";
