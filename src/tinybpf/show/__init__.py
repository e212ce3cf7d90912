"""What ``tinybpf run`` does behind its flags: attach all of an object, and show what comes out.

::

    shape.py      a BTF type as the fields that a reader sees, and how each is shown
    words.py      a field's value as text
    jsonwords.py  a field's value as JSON
    reader.py     functions made once for each type: many records to rows of text, or to JSON lines
    table.py      rows below a header, as wide as the terminal lets them be
    histogram.py  log2 histograms, drawn
    maps.py       the maps at the end
    targets.py    which interface, cgroup or process a program is attached to
    knobs.py      --set, and the process id of --pid
    sources.py    ring buffers, perf buffers and trace_pipe, waited for together
    output.py     standard output: batches, broken pipes, the terminal's size
    stop.py       signals
    watch.py      the loop
    report.py     what is said, as text or as JSON
"""
