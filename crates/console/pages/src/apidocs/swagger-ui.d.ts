// The bundle comes without types; these are for what is used of it.
declare module "swagger-ui-dist/swagger-ui-es-bundle.js" {
  export interface Request {
    method?: string;
    headers: Record<string, string>;
  }
  export default function SwaggerUI(options: {
    domNode: Element | null;
    url: string;
    deepLinking: boolean;
    docExpansion: "list" | "full" | "none";
    defaultModelsExpandDepth: number;
    displayRequestDuration: boolean;
    validatorUrl: null;
    requestInterceptor(request: Request): Promise<Request>;
  }): void;
}
