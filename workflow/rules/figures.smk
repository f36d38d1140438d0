rule figure1:
    input:
        tables_of("figure1"),
    output:
        png="<figures>/figure1.png",
        pdf="<figures>/figure1.pdf",
        svg="<figures>/figure1.svg",
        html="<figures>/figure1.html",
    log:
        "<logs>/figures/figure1.log",
    localrule: True
    params:
        stem=subpath(output.png, strip_suffix=".png"),
        provenance=PROVENANCE_FLAGS,
        code=digest("optprimer.figures.commands"),
    message:
        "Figure 1: loss landscapes with and without skip connections"
    shell:
        "optprimer figure figure1 {input:q} --output {params.stem:q} {params.provenance} > {log:q} 2>&1"


rule figure:
    input:
        lambda wildcards: tables_of(wildcards.figure),
    output:
        png="<figures>/{figure}.png",
        pdf="<figures>/{figure}.pdf",
        svg="<figures>/{figure}.svg",
    log:
        "<logs>/figures/{figure}.log",
    localrule: True
    params:
        stem=subpath(output.png, strip_suffix=".png"),
        provenance=PROVENANCE_FLAGS,
        code=digest("optprimer.figures.commands"),
    message:
        "Figure {wildcards.figure}"
    shell:
        "optprimer figure {wildcards.figure} {input:q} --output {params.stem:q} {params.provenance} > {log:q} 2>&1"


# Targets by name: snakemake figure_contours
for name in FIGURES[1:]:

    rule:
        name:
            f"figure_{name}"
        input:
            f"<figures>/{name}.png",
