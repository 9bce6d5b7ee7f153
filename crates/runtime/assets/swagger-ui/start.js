SwaggerUIBundle({
  url: "openapi.json",
  dom_id: "#swagger-ui",
  docExpansion: "list",
  defaultModelsExpandDepth: 0,
  validatorUrl: null,
  onComplete() {
    document.title = document.querySelector("#swagger-ui .title")?.firstChild.textContent ?? document.title;
  },
});
