// What stands in the same place on every page: lists, parts of panels, views.
import assert from "node:assert/strict";

export function options(page, list) {
  return page.getByRole("listbox", { name: list }).getByRole("option");
}

export function part(panel, title) {
  return panel.locator("section", { has: panel.page().getByRole("heading", { name: title }) });
}

export async function tab(page, name) {
  await page.getByRole("navigation", { name: "Views" }).getByRole("link", { name }).click();
}

/** Nothing may have to be moved sideways to be read. */
export async function mustFit(page) {
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
  assert.ok(wide <= 0, `${page.url()} is ${wide} px wider than the screen`);
}
