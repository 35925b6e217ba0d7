// Coordinates as text, in decimal degrees and in degrees and minutes.

export type CoordinateStyle = "decimal" | "minutes";

function minutes(value: number, width: number, positive: string, negative: string): string {
  // Counted in ten-thousandths of a minute, so that rounding never shows 60.0000'.
  const total = Math.round(Math.abs(value) * 600_000);
  const degrees = Math.floor(total / 600_000);
  const rest = ((total % 600_000) / 10_000).toFixed(4).padStart(7, "0");
  return `${String(degrees).padStart(width, "0")}° ${rest}′ ${value < 0 && total > 0 ? negative : positive}`;
}

function decimal(value: number): string {
  const text = value.toFixed(5);
  return text === "-0.00000" ? "0.00000" : text;
}

/** `-33.83539, 151.20946` or `33° 50.1234′ S, 151° 12.5678′ E`. */
export function coordinates(latitude: number, longitude: number, style: CoordinateStyle): string {
  if (style === "decimal") return `${decimal(latitude)}, ${decimal(longitude)}`;
  return `${minutes(latitude, 2, "N", "S")}, ${minutes(longitude, 3, "E", "W")}`;
}

/** A graticule's line as text: `37°30′N`, `180°`. */
export function meridian(value: number, axis: "latitude" | "longitude"): string {
  const wrapped = axis === "longitude" ? ((((value + 180) % 360) + 360) % 360) - 180 : value;
  const total = Math.round(Math.abs(wrapped) * 60);
  const degrees = Math.floor(total / 60);
  const rest = total % 60;
  const text = rest === 0 ? `${degrees}°` : `${degrees}°${String(rest).padStart(2, "0")}′`;
  if (total === 0 || (axis === "longitude" && total === 10_800)) return text;
  const letters = axis === "latitude" ? "NS" : "EW";
  return text + letters[wrapped > 0 ? 0 : 1];
}
