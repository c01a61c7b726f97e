/** What the course map knows of the exams. Build time only; their tasks and checks stay with the server. */
import { parse } from "yaml";

interface CourseExam {
  name: string;
  title: string;
  summary: string;
  minutes: number;
}

const files = import.meta.glob<string>("@labs/exams/*/exam.yaml", { eager: true, query: "?raw", import: "default" });

/** Every exam of the course, by name. */
export const exams: CourseExam[] = Object.entries(files)
  .map(([path, text]) => {
    const { title, summary, minutes } = parse(text) as Omit<CourseExam, "name">;
    return { name: path.split("/").at(-2) ?? "", title, summary, minutes };
  })
  .sort((one, other) => one.name.localeCompare(other.name));
