// The API's description to read and to try. An entry of its own: the application must not grow by it.
import SwaggerUI, { type Request } from "swagger-ui-dist/swagger-ui-es-bundle.js";
import "swagger-ui-dist/swagger-ui.css";
import "./apidocs.css";

const dark = window.matchMedia("(prefers-color-scheme: dark)");
const paint = () => document.documentElement.classList.toggle("dark-mode", dark.matches);
dark.addEventListener("change", paint);
paint();

/** The browser sends the session's cookie by itself; a change needs the session's other half as well. */
async function withSession(request: Request): Promise<Request> {
  // The description itself is asked for without a method.
  const reads = ["GET", "HEAD"].includes((request.method ?? "GET").toUpperCase());
  if (reads || "Authorization" in request.headers) return request;
  const session = await fetch("/api/v1/session").catch(() => null);
  const csrf: unknown = session?.ok ? (await session.json()).csrf : null;
  if (typeof csrf === "string") request.headers["X-CSRF-Token"] = csrf;
  return request;
}

SwaggerUI({
  domNode: document.getElementById("api"),
  url: "/api/openapi.json",
  deepLinking: true,
  // The groups first: with all of them open, nobody finds the one that is looked for.
  docExpansion: "none",
  defaultModelsExpandDepth: 0,
  displayRequestDuration: true,
  // Else it asks validator.swagger.io about every document.
  validatorUrl: null,
  requestInterceptor: withSession,
});
