// The modeler as people have it: bpmn-js with the properties panel, Camunda 8's extensions and element templates.

import Modeler from "bpmn-js/lib/Modeler";
import { CloudElementTemplatesPropertiesProviderModule } from "bpmn-js-element-templates";
import { BpmnPropertiesPanelModule, BpmnPropertiesProviderModule, ZeebePropertiesProviderModule } from "bpmn-js-properties-panel";
import ZeebeBehaviorsModule from "camunda-bpmn-js-behaviors/lib/camunda-cloud";
import ZeebeModdle from "zeebe-bpmn-moddle/resources/zeebe.json";

globalThis.openModeler = async (xml, templates) => {
  const modeler = new Modeler({
    container: document.getElementById("canvas"),
    propertiesPanel: { parent: document.getElementById("panel") },
    additionalModules: [
      BpmnPropertiesPanelModule,
      BpmnPropertiesProviderModule,
      ZeebePropertiesProviderModule,
      CloudElementTemplatesPropertiesProviderModule,
      ZeebeBehaviorsModule,
    ],
    moddleExtensions: { zeebe: ZeebeModdle },
  });
  const faults = [];
  modeler.on("elementTemplates.errors", ({ errors }) => faults.push(...errors.map(String)));
  modeler.get("elementTemplatesLoader").setTemplates(templates);
  const { warnings } = await modeler.importXML(xml);
  const known = new Set(modeler.get("elementTemplates").getAll().map(({ id }) => id));
  faults.push(...templates.filter(({ id }) => !known.has(id)).map(({ id }) => `${id} was refused`));
  modeler.get("canvas").zoom("fit-viewport", "auto");
  globalThis.modeler = modeler;
  return [...faults, ...warnings.map(String)];
};

globalThis.choose = (elementId, templateId) => {
  const templates = modeler.get("elementTemplates");
  const element = modeler.get("elementRegistry").get(elementId);
  const made = templateId ? templates.applyTemplate(element, templates.getAll().find(({ id }) => id === templateId)) : element;
  modeler.get("selection").select(made);
  return made.id;
};

globalThis.saved = async () => (await modeler.saveXML({ format: true })).xml;
