/** The words a lesson.mdx may use without importing them. */
import Answer from "./Answer.astro";
import Aside from "./Aside.astro";
import Figure from "./Figure.astro";
import LivePods from "./LivePods.astro";
import Predict from "./Predict.astro";
import Quiz from "./Quiz.astro";
import Task from "./Task.astro";

export const vocabulary = { Answer, Aside, Figure, LivePods, Predict, Quiz, Task };
