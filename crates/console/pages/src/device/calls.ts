// The requests of a device's own page.
import { get, post, remove } from "../api/client";
import type { Note, Reading } from "../api/soon/device";
import type { Page } from "../api/types";

export const READINGS_PAGE = 500;

export const readings = (id: string, from: string | null, to: string | null, cursor: string | null) =>
  get<Page<Reading>>(`/modems/${id}/readings`, { from, to, limit: READINGS_PAGE, cursor });

export const notes = (id: string, cursor: string | null) =>
  get<Page<Note>>(`/modems/${id}/notes`, { limit: 50, cursor });
export const addNote = (id: string, text: string) => post<Note>(`/modems/${id}/notes`, { text });
export const removeNote = (id: string, note: string) => remove(`/modems/${id}/notes/${note}`);
