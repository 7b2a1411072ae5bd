"""Settings of nbgrader, for `tools/assignments.py` and for its own commands.

Run nbgrader's commands inside this folder; it is the course's root.
"""

c = get_config()  # noqa: F821  (nbgrader puts get_config there)

c.CourseDirectory.course_id = "language-models-measured"
c.ClearSolutions.code_stub = {
    "python": "# Write your code here and remove the next line.\n"
    'raise NotImplementedError("this part is still to be written")'
}
c.ClearSolutions.text_stub = "*Write your answer here.*"

# seconds a cell; the slowest of a reference solution trains for about five
c.Execute.timeout = 30
c.Execute.extra_arguments = ["--IPKernelApp.log_level=40"]
# a student's endless print must not fill the feedback
c.LimitOutput.max_lines = 200
c.LimitOutput.max_traceback = 40
