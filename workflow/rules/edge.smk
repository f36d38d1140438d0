rule edge_descent:
    input:
        data=DATA,
    output:
        "<results>/edge/{first}-{last}/curves.csv",
    log:
        "<logs>/edge/{first}-{last}.log",
    benchmark:
        "<benchmarks>/edge_descent/{first}-{last}.tsv"
    conda:
        CONDA
    threads: config["threads"]
    resources:
        gpu=GPU,
        mem_mb=memory(3000),
        runtime=minutes(240),
    params:
        data=subpath(input.data, parent=True),
        state=f"{STATE}/edge/{{first}}-{{last}}",
        settings=json.dumps(EDGE_DESCENT, sort_keys=True),
        device=config["device"],
        seed=config["seed"],
        code=digest("optprimer.edge.commands:edge_descent"),
    message:
        "Edge of stability: runs {wildcards.first} to {wildcards.last}"
    shell:
        "optprimer edge-descent --data {params.data:q} --settings {params.settings:q} --rows {wildcards.first} {wildcards.last}"
        " --output {output:q} --state {params.state:q} --device {params.device} --seed {params.seed}"
        " --threads {threads} > {log:q} 2>&1"


rule edge_summary:
    input:
        "<results>/edge/curves.csv",
    output:
        tabulated("edge/summary", "The edge of stability over seeds", "edge"),
    log:
        "<logs>/edge/summary.log",
    localrule: True
    conda:
        CONDA
    params:
        code=digest("optprimer.edge.commands:edge_summary"),
    message:
        "Edge of stability: runs summarised over seeds"
    shell:
        "optprimer edge-summary {input:q} --output {output:q} > {log:q} 2>&1"


rule edge_convexity:
    input:
        data=DATA,
    output:
        convexity="<results>/edge/convexity.csv",
        spectra="<results>/edge/spectra.csv",
    log:
        "<logs>/edge/convexity.log",
    benchmark:
        "<benchmarks>/edge_convexity.tsv"
    conda:
        CONDA
    threads: config["threads"]
    resources:
        gpu=GPU,
        mem_mb=memory(3000),
        runtime=minutes(120),
    params:
        data=subpath(input.data, parent=True),
        folder=subpath(output.convexity, parent=True),
        state=f"{STATE}/edge/convexity",
        settings=json.dumps(config["edge"]["convexity"], sort_keys=True),
        device=config["device"],
        seed=config["seed"],
        code=digest("optprimer.edge.commands:edge_convexity"),
    message:
        "Non-convexity: segments and spectra"
    shell:
        "optprimer edge-convexity --data {params.data:q} --settings {params.settings:q} --output {params.folder:q}"
        " --state {params.state:q} --device {params.device} --seed {params.seed} --threads {threads} > {log:q} 2>&1"


rule edge_direction:
    input:
        data=DATA,
    output:
        "<results>/edge/direction.csv",
    log:
        "<logs>/edge/direction.log",
    benchmark:
        "<benchmarks>/edge_direction.tsv"
    conda:
        CONDA
    threads: config["threads"]
    resources:
        mem_mb=memory(3000),
        runtime=minutes(120),
    params:
        data=subpath(input.data, parent=True),
        state=f"{STATE}/edge/direction",
        settings=json.dumps(config["edge"]["direction"], sort_keys=True),
        seed=config["seed"],
        code=digest("optprimer.edge.commands:edge_direction"),
    message:
        "Convergence in direction"
    shell:
        "optprimer edge-direction --data {params.data:q} --settings {params.settings:q} --output {output:q}"
        " --state {params.state:q} --seed {params.seed} --threads {threads} > {log:q} 2>&1"


rule edge_limits:
    input:
        "<results>/edge/direction.csv",
    output:
        "<results>/edge/limits.csv",
    log:
        "<logs>/edge/limits.log",
    localrule: True
    conda:
        CONDA
    params:
        code=digest("optprimer.edge.commands:edge_limits"),
    message:
        "Convergence in direction: runs summarised"
    shell:
        "optprimer edge-limits {input:q} --output {output:q} > {log:q} 2>&1"
