// The import of messages from a file.
import { upload } from "../api/client";

/** What came of a file, or would; rows are counted from 1, without the heading. */
export interface Imported {
  dry_run: boolean;
  rows: number;
  new: number;
  numbered: number;
  without_number: number;
  known: number;
  to_devices: number;
  unknown_columns: string[];
  /** The first hundred. */
  closes: { imei: string; first_momsn: number; last_momsn: number; missing: number }[];
  faulty: number;
  /** The first hundred. */
  faulty_rows: { row: number; reason: string }[];
}

export interface Wish {
  file: File;
  text: string;
  imei: string;
  dryRun: boolean;
}

/** Largest file that the server takes. */
export const MOST_BYTES = 50 * 1024 * 1024;
/** A large file over a slow line takes its time. */
const PATIENCE_MS = 300_000;

export const importMessages = ({ file, text, imei, dryRun }: Wish) => {
  const query = { provider: "rockblock", dry_run: dryRun, imei, file: file.name };
  const type = /\.json$/i.test(file.name) ? "application/json" : "text/csv";
  return upload<Imported>("/import", type, text, query, PATIENCE_MS);
};
