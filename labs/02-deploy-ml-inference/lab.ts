import { defineLab } from "../../checkers/core/lab.ts";
import { answersPrediction } from "./checks/answers-prediction.ts";
import { endpointsReady } from "./checks/endpoints-ready.ts";
import { everyReplicaAnswers } from "./checks/every-replica-answers.ts";
import { experiments } from "./checks/experiments.ts";
import { imagePinned } from "./checks/image-pinned.ts";
import { labels } from "./checks/labels.ts";
import { readiness } from "./checks/readiness.ts";
import { replicas } from "./checks/replicas.ts";
import { service } from "./checks/service.ts";
import { facts } from "./facts.ts";

export default defineLab({
  title: "Deploy ml-inference",
  summary:
    "Declare two replicas of a model server, give them one name that stays, and follow a request from that name to a pod.",
  week: 1,
  minutes: 55,
  domain: "deploy",
  prerequisites: ["01-cluster-and-kubectl"],
  facts,

  // In the order of the text.
  checks: (lab) => ({
    replicas: replicas(lab),
    "image-pinned": imagePinned(lab),
    "answers-prediction": answersPrediction(lab),
    labels: labels(lab),
    readiness: readiness(lab),
    service: service(lab),
    "endpoints-ready": endpointsReady(lab),
    "every-replica-answers": everyReplicaAnswers(lab),
  }),
  experiments,
});
